"""What the Review page says of an image, in words."""

from __future__ import annotations

from datetime import datetime

from blurline.contract import Decision, ImageWithDetections
from blurline.errors import BlurlineError, RetryableError
from dashboard.review.desk import Saved
from dashboard.states import IMAGE_STATES

_REASONS = {
    "near_threshold": ("candidate just under the threshold", "candidates just under the threshold"),
    "passes_disagree": ("box that only one pass took for a face", "boxes that only one pass took for faces"),
    "second_look": ("face that the second look still sees", "faces that the second look still sees"),
}
_AWAY = "Blurline does not answer at the moment. Your boxes are kept; try again."


def why_words(image: ImageWithDetections) -> str:
    """Why the image is held, or what it is instead."""
    if image.error is not None and image.error.code == "doubtful":
        return "Held because a face may still be visible."
    why = image.error.message if image.error else ""
    if image.state == "needs_review":
        return why or "Held for review."
    return f"{IMAGE_STATES[image.state].word}. {why}".strip()


def doubt_words(image: ImageWithDetections) -> str:
    """How likely a face is still visible, as the pipeline estimates, and what for."""
    if image.doubt is None:
        return ""
    reasons = [
        f"{count} {_REASONS[kind][count != 1] if kind in _REASONS else kind}"
        for kind, count in (image.doubt_reasons or {}).items()
    ]
    return f"Doubt {image.doubt:.0%}" + (f": {', '.join(reasons)}." if reasons else ".")


def decision_words(decision: Decision) -> str:
    """Who decided what, and when."""
    changes = [
        f"{len(boxes)} {what}" for boxes, what in ((decision.added, "drawn"), (decision.dropped, "dropped")) if boxes
    ]
    told = f" ({', '.join(changes)})" if changes else ""
    note = f": “{decision.note}”" if decision.note else ""
    return f"{_time(decision.created_at)} · {decision.kind}{told} by {decision.reviewer}{note}"


def saved_words(saved: Saved) -> str:
    """What has become of an image that was saved."""
    return "rendering…" if saved.is_rendering else IMAGE_STATES[saved.state].word.lower()


def trouble_words(error: BlurlineError | None) -> str:
    """What went wrong with an image that is still on the board."""
    return _AWAY if isinstance(error, RetryableError) else str(error or "")


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"

"""Texts of the Review page about an image."""

from __future__ import annotations

from datetime import datetime

from blurline.contract import Decision, ImageWithDetections
from blurline.errors import BlurlineError, RetryableError
from dashboard.jobs.error_advice import error_sentence
from dashboard.review.desk import Saved
from dashboard.states import IMAGE_STATES

_REASONS = {
    "near_threshold": ("candidate just under the threshold", "candidates just under the threshold"),
    "passes_disagree": ("box found by only one pass", "boxes found by only one pass"),
    "second_look": ("face still visible to the second look", "faces still visible to the second look"),
    "projection_unknown": ("unsupported layout (cube map, fisheye)", "unsupported layouts (cube map, fisheye)"),
}
_AWAY = "Blurline does not respond at the moment. Your boxes are kept; try again."


def why_words(image: ImageWithDetections) -> str:
    """Why the image waits for review, or else its state."""
    if image.error is not None and image.error.code == "doubtful":
        return "A face may still be visible."
    why = error_sentence(image.error) if image.error else ""
    if image.state == "needs_review":
        return why or "Needs review."
    return f"{IMAGE_STATES[image.state].word}. {why}".strip()


def doubt_words(image: ImageWithDetections) -> str:
    """The pipeline's estimate of the risk that a face is still visible, and its reasons."""
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
    """The state of a saved image."""
    return "rendering…" if saved.is_rendering else IMAGE_STATES[saved.state].word.lower()


def error_words(error: BlurlineError | None) -> str:
    """The error of the last action on the current image."""
    return _AWAY if isinstance(error, RetryableError) else str(error or "")


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"

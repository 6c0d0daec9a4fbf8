"""The review gate: which results wait for a reviewer before they are published. The task `blur` decides it, once."""

from __future__ import annotations

from blurline.contract.corrections import Correction
from blurline.decision.doubt import Doubt
from blurline.decision.finding import Refusal
from blurline.errors import OutputCheckFailed
from blurline.policy import Policy, Review
from sql.jobs.publishing import ReviewReason
from sql.jobs.settlement import SECOND_APPROVAL


def review_reason(
    policy: Policy, doubt: Doubt, correction: Correction | None, refusal: Refusal | None = None
) -> ReviewReason | None:
    """Why a reviewer must see the result before it is published; None when it may be published at once.

    A file with a ``refusal`` is never published. A corrected result waits only if its reviewer
    asked for that, because the reviewer has already seen the image, or if its policy demands two reviewers.
    """
    if refusal is not None:
        return ReviewReason(OutputCheckFailed.code, refusal.why)
    if correction is not None and correction.is_first_approval:
        return ReviewReason(SECOND_APPROVAL, "A reviewer has corrected this result. Another reviewer must approve it.")
    if correction is not None:
        return ReviewReason("corrected", "The correction must be approved.") if correction.is_held else None
    if policy.review is Review.ALWAYS:
        return ReviewReason("review_asked", "The policy requires a review of every result.")
    if policy.review is Review.DOUBTFUL and doubt.value >= policy.max_doubt:
        reasons = ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in doubt.reasons.items())
        message = f"A face may still be visible: doubt {doubt.value:.2f} ({reasons})."
        return ReviewReason("doubtful", message)
    return None

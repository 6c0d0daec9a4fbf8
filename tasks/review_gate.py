"""Which results wait for a person before they are published."""

from __future__ import annotations

from blurline.contract.corrections import Correction
from blurline.decision.doubt import Doubt
from blurline.policy import Policy, Review
from sql.jobs.attempts import Held


def held(policy: Policy, doubt: Doubt, correction: Correction | None) -> Held | None:
    """Why a person is to look at the result before it is published, if one is. Whoever has corrected it has looked."""
    if correction is not None:
        return Held("corrected", "Held so that its correction is looked at.") if correction.is_held else None
    if policy.review is Review.ALWAYS:
        return Held("review_asked", "Held because its policy has every result reviewed.")
    if policy.review is Review.DOUBTFUL and doubt.value >= policy.max_doubt:
        reasons = ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in doubt.reasons.items())
        return Held("doubtful", f"Held because a face may still be visible: doubt {doubt.value:.2f} ({reasons}).")
    return None

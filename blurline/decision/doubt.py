"""Doubt: the estimated probability that a face is still visible in a result.

Every candidate that was not destroyed adds to the doubt, and adds more the closer its score is to the threshold. So
does a candidate that a single pass took for a face, and one that the second look sees in the written result. The
probabilities are set to match labelled pictures (docs/detection.md); they rank pictures and promise nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blurline.policy.profile import EVIDENCE_SCORE

AT_THRESHOLD = 0.3
"""The probability that a candidate just below the threshold is a face."""

SECOND_LOOK_SCORE = 0.5
"""The score from which the second look adds to the doubt."""

UNKNOWN_PROJECTION = 0.7
"""The probability that a picture of unknown layout still shows a face: enough to be held for review by default."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """``value`` in 0 to 1, and the number of candidates of each kind that cause it."""

    value: float
    near_threshold: int = 0
    passes_disagree: int = 0
    second_look: int = 0
    projection_unknown: int = 0

    @property
    def reasons(self) -> dict[str, int]:
        """The kinds of candidates that occur, with their number."""
        kinds = {
            name: getattr(self, name)
            for name in ("near_threshold", "passes_disagree", "second_look", "projection_unknown")
        }
        return {name: count for name, count in kinds.items() if count}


def estimate_doubt(
    scores: NDArray[np.float32],
    best_scores: NDArray[np.float32],
    threshold: float,
    seen_again: NDArray[np.float32],
    *,
    is_projection_unknown: bool = False,
) -> Doubt:
    """Estimate the doubt of a result.

    ``scores``: (n,) merged scores of the visible candidates; ``best_scores``: (n,) the best score of each in a single
    pass; ``seen_again``: (m,) scores of uncovered candidates in the second look at the result.
    ``is_projection_unknown``: the picture has a layout in which faces cannot be looked for.
    """
    nearness = ((scores - EVIDENCE_SCORE) / max(threshold - EVIDENCE_SCORE, 1e-6)).clip(0, 1)
    is_disputed = best_scores >= threshold
    again = ((seen_again - SECOND_LOOK_SCORE) / (1 - SECOND_LOOK_SCORE)).clip(0, 1)
    unknown = [UNKNOWN_PROJECTION] if is_projection_unknown else []
    chances = np.concatenate([AT_THRESHOLD * np.where(is_disputed, 1, nearness) ** 2, again, unknown])
    return Doubt(
        value=float(1 - np.prod(1 - chances)),
        near_threshold=int((nearness >= 0.5).sum()),
        passes_disagree=int(is_disputed.sum()),
        second_look=int((seen_again >= SECOND_LOOK_SCORE).sum()),
        projection_unknown=int(is_projection_unknown),
    )

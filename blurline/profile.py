"""Detection profiles: named sets of passes over a photograph, each with its model and threshold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProfileName(StrEnum):
    """The profiles that a policy may name."""

    FAST = "fast"
    STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class Profile:
    """One way to look for faces.

    ``model`` names a card in ``models/weights``; ``sides_px`` gives the long side of the letterboxed
    input of each pass, and ``small_sides_px`` stands in its place for pictures whose long side is at most
    `SMALL_PX`, whose faces are small and worth enlarging; ``threshold`` is the score from which a face is
    destroyed; two boxes whose IoU is over ``merge_iou`` are the same face.
    """

    model: str
    sides_px: tuple[int, ...]
    small_sides_px: tuple[int, ...]
    threshold: float
    merge_iou: float = 0.4

    def sides_for(self, long_side_px: int) -> tuple[int, ...]:
        """The long sides of the passes over a picture of that long side."""
        return self.small_sides_px if long_side_px <= SMALL_PX else self.sides_px


SMALL_PX = 640


PROFILES = {
    ProfileName.FAST: Profile("yunet", sides_px=(640, 1280), small_sides_px=(640, 1280), threshold=0.5),
    ProfileName.STANDARD: Profile("centerface", (320, 640, 1280), small_sides_px=(320, 640, 1600), threshold=0.3),
}

CANDIDATE_SCORE = 0.1
"""What a single pass scores lower is dropped at once; a lower floor measured no better."""

EVIDENCE_SCORE = 0.1
"""Faces from this score up to the threshold are not destroyed but recorded, as evidence of doubt."""

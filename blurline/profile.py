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
    input of each pass; ``threshold`` is the score from which a face is destroyed; two boxes whose IoU is
    over ``merge_iou`` are the same face.
    """

    model: str
    sides_px: tuple[int, ...]
    threshold: float
    merge_iou: float = 0.4


PROFILES = {
    ProfileName.FAST: Profile(model="yunet", sides_px=(640, 1280), threshold=0.5),
    ProfileName.STANDARD: Profile(model="centerface", sides_px=(640, 1280), threshold=0.3),
}

CANDIDATE_SCORE = 0.1
"""Candidates under this score are dropped at once; between it and the threshold they are kept as evidence."""

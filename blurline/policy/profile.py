"""Detection profiles: named sets of detector passes, each with its model and threshold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class ProfileName(StrEnum):
    """The names of profiles in policies."""

    FAST = "fast"
    STANDARD = "standard"
    THOROUGH = "thorough"


@dataclass(frozen=True, slots=True)
class Pass:
    """One run of the detector over the whole picture, scaled to a long side of ``side_px``."""

    side_px: int
    is_mirrored: bool = False
    quarter_turns: int = 0


def _passes(*sides_px: int, mirrored: tuple[int, ...] = (), turned: tuple[int, ...] = ()) -> tuple[Pass, ...]:
    turns = tuple(Pass(side_px, quarter_turns=turns) for turns in (1, 2, 3) for side_px in turned)
    return tuple(map(Pass, sides_px)) + tuple(Pass(side_px, is_mirrored=True) for side_px in mirrored) + turns


@dataclass(frozen=True, slots=True)
class Profile:
    """One way to find faces.

    ``model`` names a card in ``models/weights``. ``passes`` run over every picture, except that ``small_passes``
    replace them where the long side is at most `SMALL_PX`, because small faces are worth enlarging. ``threshold`` is
    the score from which a face is destroyed; two boxes whose IoU exceeds ``merge_iou`` are the same face.

    A picture with more detail than the largest pass shows gets closer passes, each of twice the side: all of them if
    ``is_always_closer``, otherwise each only if the previous pass found a crowd of small faces.
    """

    model: str
    passes: tuple[Pass, ...]
    small_passes: tuple[Pass, ...]
    threshold: float
    is_always_closer: bool = False
    merge_iou: float = 0.4

    def passes_for(self, long_side_px: int) -> tuple[Pass, ...]:
        """The passes over a picture with this long side."""
        return self.small_passes if long_side_px <= SMALL_PX else self.passes


def closer_sides_px(largest_px: int, long_side_px: int) -> Iterator[int]:
    """The long sides of closer passes after a pass of ``largest_px``: each twice the previous one, the last at most the
    picture's own size."""
    side_px = largest_px
    while long_side_px > 1.5 * side_px:
        side_px = min(2 * side_px, long_side_px)
        yield side_px


SMALL_PX = 640

SMALL_FACE_PX = 24.0
"""A face smaller than this in a pass's input is small."""

CROWD = 6
"""This many small faces are worth a closer pass, because smaller ones are likely."""

TURNED_WEIGHT = 0.7
"""Weight of a score that only a rotated pass gives: most of these candidates are not faces."""

PROFILES = {
    ProfileName.FAST: Profile("yunet", passes=_passes(448, 1280), small_passes=_passes(448, 1600), threshold=0.5),
    ProfileName.STANDARD: Profile(
        "centerface", passes=_passes(320, 640, 1280), small_passes=_passes(320, 640, 1600), threshold=0.3
    ),
    ProfileName.THOROUGH: Profile(
        "centerface",
        passes=_passes(320, 640, 1280, 1920, mirrored=(640, 1280, 1920), turned=(640, 1280)),
        small_passes=_passes(320, 640, 1600, 1920, mirrored=(640, 1600), turned=(320, 640)),
        threshold=0.3,
        is_always_closer=True,
    ),
}

SECOND_LOOK_MODEL = "yunet"
"""The model of the second look at the written result (`models.second_look`)."""

CANDIDATE_SCORE = 0.1
"""Candidates that a single pass scores below this are dropped; a lower floor measured no better."""

EVIDENCE_SCORE = 0.1
"""Candidates from this score up to the threshold are recorded as evidence of doubt, but not destroyed."""

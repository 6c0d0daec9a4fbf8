"""Detection profiles: named plans of detector passes, each with its model and threshold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class ProfileName(StrEnum):
    """The names of profiles in policies."""

    FAST = "fast"
    STANDARD = "standard"
    THOROUGH = "thorough"


class Where(StrEnum):
    """Which part of the picture a pass shows to the detector.

    ``QUESTIONS``: around candidates of the coarser passes that are not settled yet. ``SMALL_FACES``: around candidates
    that are small in the finest pass so far.
    """

    WHOLE = "whole"
    QUESTIONS = "questions"
    SMALL_FACES = "small_faces"


@dataclass(frozen=True, slots=True)
class Pass:
    """One run of the detector over the picture, scaled to a long side of ``side_px``, or over regions of it.

    A scout runs `SCOUT_MODEL`, which is fast. Its candidates are questions for finer passes, never faces.
    """

    side_px: int
    where: Where = Where.WHOLE
    is_mirrored: bool = False
    quarter_turns: int = 0
    is_scout: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """One way to find faces.

    ``model`` names a card in ``models/weights``. ``passes`` run over every picture, one after the other, except that
    ``small_passes`` replace them where the long side is at most `SMALL_PX`, because small faces are worth enlarging,
    and ``large_passes`` where it is at least `LARGE_PX`. ``threshold`` is the score from which a face is destroyed; two
    boxes whose IoU exceeds ``merge_iou`` are the same face.

    A picture with more detail than the largest pass shows gets closer passes, each of twice the side, over
    ``closer_where``, while there are ``crowd`` small candidates with a score of at least ``closer_score``.

    ``checks_turns``: scouts look at the picture turned by 90, 180 and 270 degrees, and where one sees a face that the
    upright passes do not, the same passes run that way up.
    """

    model: str
    passes: tuple[Pass, ...]
    small_passes: tuple[Pass, ...]
    large_passes: tuple[Pass, ...]
    threshold: float
    closer_where: Where = Where.SMALL_FACES
    closer_score: float = 0.2
    crowd: int = 1
    checks_turns: bool = True
    merge_iou: float = 0.4

    def passes_for(self, long_side_px: int) -> tuple[Pass, ...]:
        """The passes over a picture with this long side."""
        if long_side_px <= SMALL_PX:
            return self.small_passes
        return self.large_passes if long_side_px >= LARGE_PX else self.passes

    def for_views(self) -> Profile:
        """The profile for the views of a sphere. A view shows a fifth of its width, so half of the sides show each face
        larger than the passes over the whole do. Views overlap, and show each face nearly upright in one of them."""

        def halved(passes: tuple[Pass, ...]) -> tuple[Pass, ...]:
            return tuple(replace(each, side_px=each.side_px // 2) for each in passes if not each.quarter_turns)

        return replace(
            self,
            passes=halved(self.passes),
            small_passes=halved(self.small_passes),
            large_passes=halved(self.large_passes),
            checks_turns=False,
        )

    def for_unmeasured_model(self, threshold: float) -> Profile:
        """The profile for a model whose scores mean something else: every pass shows the whole picture."""

        def whole(passes: tuple[Pass, ...]) -> tuple[Pass, ...]:
            return tuple(replace(each, where=Where.WHOLE) for each in passes if not each.is_scout)

        return replace(
            self,
            passes=whole(self.passes),
            small_passes=whole(self.small_passes),
            large_passes=whole(self.large_passes),
            closer_where=Where.WHOLE,
            closer_score=threshold,
            crowd=6,
            checks_turns=False,
        )


def closer_sides_px(largest_px: int, long_side_px: int) -> Iterator[int]:
    """The long sides of closer passes after a pass of ``largest_px``: each twice the previous one, the last at most the
    picture's own size."""
    side_px = largest_px
    while long_side_px > 1.5 * side_px:
        side_px = min(2 * side_px, long_side_px)
        yield side_px


def turn_checks(long_side_px: int) -> tuple[Pass, ...]:
    """The scouts that check whether a picture with this long side shows more faces another way up."""
    side_px = _LARGE_CHECK_PX if long_side_px >= LARGE_PX else _CHECK_PX
    return tuple(Pass(side_px, quarter_turns=turns, is_scout=True) for turns in (1, 2, 3))


def _whole(*sides_px: int, is_mirrored: bool = False) -> tuple[Pass, ...]:
    return tuple(Pass(side_px, is_mirrored=is_mirrored) for side_px in sides_px)


def _turned(*sides_px: int) -> tuple[Pass, ...]:
    return tuple(Pass(side_px, quarter_turns=turns) for turns in (1, 2, 3) for side_px in sides_px)


PLAN_VERSION = 2
"""Recorded on every image. Increased whenever the passes of a profile change; version 1 is not recorded."""

SMALL_PX = 640

LARGE_PX = 2880

QUESTION_SCORE = 0.1
"""A candidate of a coarse pass with this score is a question, which a finer pass answers."""

FAINT_QUESTION_SCORE = 0.03
"""The same where faces are likely to be small in the coarse passes: in small pictures."""

SCOUT_SCORE = 0.05
SCOUT_FACE_PX = 40.0
"""A scout's candidate is a question if it has this score and is smaller than this in the finer pass: the coarse passes
may be blind to such faces."""

MOST_SHARE = 0.75
"""From this share of the picture on, a pass over regions shows the whole picture, and no scout needs to look first."""

SETTLED_SCORE = 0.5
SETTLED_PX = 192.0
"""A candidate is settled if the coarse passes agree on this score and its side in the finer pass is at least this."""

FINE_FACE_PX = 48.0
FINE_FACE_SCORE = 0.2
"""A candidate smaller than this in the finest pass so far, with this score, is shown to a pass over small faces."""

SMALL_FACE_PX = 24.0
"""A face smaller than this in the previous pass is worth a closer pass."""

TURNED_WEIGHT = 0.7
"""Weight of a score that only a rotated pass gives: most of these candidates are not faces. Where the rotated passes
see at least `WAY_UP_SHARE` as much as the upright ones, it is 1: the picture, or part of it, lies that way."""

WAY_UP_SHARE = 0.8

CHECK_SCORE = 0.7
UNSEEN_SCORE = 0.5
"""A rotated scout's candidate from `CHECK_SCORE` up has to be looked at that way up, unless the upright passes give it
`UNSEEN_SCORE` or more."""

VIEW_CHECK = Pass(320, is_scout=True)
VIEW_CHECK_SCORE = 0.2
"""In a picture that only its shape suggests to be a sphere, a view is looked at if a scout sees anything with this
score in it."""

_CHECK_PX = 448
_LARGE_CHECK_PX = 896

_SCOUT = Pass(1280, is_scout=True)
_THOROUGH = (
    *_whole(320, 640, 1280, 1920),
    *_whole(640, 1280, 1920, is_mirrored=True),
    *_turned(640, 1280),
)
_QUESTIONS, _SMALL_FACES = Where.QUESTIONS, Where.SMALL_FACES

PROFILES = {
    ProfileName.FAST: Profile(
        "yunet",
        passes=_whole(448, 1280),
        small_passes=_whole(448, 1600),
        large_passes=_whole(448, 1280),
        threshold=0.5,
        closer_where=Where.WHOLE,
        closer_score=0.5,
        crowd=6,
    ),
    ProfileName.STANDARD: Profile(
        "centerface",
        passes=(*_whole(320, 640), _SCOUT, Pass(1280, _QUESTIONS)),
        small_passes=(*_whole(320, 640), Pass(1600, _QUESTIONS), Pass(1920, _SMALL_FACES)),
        large_passes=(*_whole(320, 640), _SCOUT, Pass(1280, _QUESTIONS)),
        threshold=0.3,
    ),
    ProfileName.THOROUGH: Profile(
        "centerface",
        passes=_THOROUGH,
        small_passes=(
            *_whole(320, 640, 1600, 1920),
            *_whole(640, 1600, is_mirrored=True),
            *_turned(320, 640),
        ),
        large_passes=_THOROUGH,
        threshold=0.3,
        closer_where=Where.WHOLE,
        crowd=0,
        checks_turns=False,  # these passes always run
    ),
}

SCOUT_MODEL = "yunet"

SECOND_LOOK_MODEL = "yunet"
"""The model of the second look at the written result (`models.second_look`)."""

CANDIDATE_SCORE = 0.1
"""Candidates that a single pass scores below this are dropped; a lower floor measured no better."""

EVIDENCE_SCORE = 0.1
"""Candidates from this score up to the threshold are recorded as evidence of doubt, but not destroyed."""

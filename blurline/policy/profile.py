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
    that are small in the finest pass so far. ``SCOUTED``: the same, and around what a scout saw that is as small.
    """

    WHOLE = "whole"
    QUESTIONS = "questions"
    SMALL_FACES = "small_faces"
    SCOUTED = "scouted"


@dataclass(frozen=True, slots=True)
class Pass:
    """One run of the detector over the picture, scaled to a long side of ``side_px``, or over regions of it.

    A scout runs `SCOUT_MODEL`, which is fast. It decides which further passes run; what it sees is never a face.
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
    ``small_passes`` replace them where the long side is at most `SMALL_PX`, because small faces are worth enlarging. In
    a picture longer than `FULL_PX` they are larger by the same factor, up to ``most_zoom``, so that a face keeps its
    size in the detector's input. ``threshold`` is the score from which a face is destroyed; two boxes whose IoU exceeds
    ``merge_iou`` are the same face.

    ``looks_finely``: a large picture gets the passes of `models.fine_look` for its small faces, too.

    ``regions_in_int8``: passes over regions run the int8 version of the model where `models.int8` accepts it.

    A picture with more detail than the largest pass shows gets closer passes, each of twice the side, over
    ``closer_where``, while there are ``crowd`` small candidates with a score of at least ``closer_score``. Passes over
    small faces show candidates from that score, too.

    ``checks_turns``: scouts look at the picture turned by 90, 180 and 270 degrees. The same passes run over the parts
    in which they see more than the upright passes, that way up (`models.ways_up`).
    """

    model: str
    passes: tuple[Pass, ...]
    small_passes: tuple[Pass, ...]
    threshold: float
    most_zoom: float = 1.0
    looks_finely: bool = False
    regions_in_int8: bool = False
    closer_where: Where = Where.SMALL_FACES
    closer_score: float = 0.2
    crowd: int = 1
    checks_turns: bool = True
    merge_iou: float = 0.4

    def passes_for(self, width_px: int, height_px: int) -> tuple[Pass, ...]:
        """The passes over a picture of this size. The scaling of a long picture takes care of its faces already."""
        long_px, short_px = max(width_px, height_px), min(width_px, height_px)
        if long_px <= SMALL_PX:
            return self.small_passes
        zoom = min(long_px / FULL_PX, self.most_zoom) if long_px <= LONG_ASPECT * short_px else 1.0
        if zoom <= 1:
            return self.passes
        return tuple(replace(each, side_px=round(each.side_px * zoom)) for each in self.passes)

    def for_views(self) -> Profile:
        """The profile for the views of a sphere. A view shows a fifth of its width, so half of the sides show each face
        larger than the passes over the whole do. Views overlap, and show each face nearly upright in one of them."""

        def halved(passes: tuple[Pass, ...]) -> tuple[Pass, ...]:
            return tuple(replace(each, side_px=each.side_px // 2) for each in passes if not each.quarter_turns)

        return replace(
            self,
            passes=halved(self.passes),
            small_passes=halved(self.small_passes),
            most_zoom=1.0,
            looks_finely=False,
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
            most_zoom=1.0,
            looks_finely=False,
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


def turn_check(long_side_px: int, quarter_turns: int) -> tuple[Pass, Pass]:
    """The scouts that check whether a picture with this long side shows more faces that way up: one that always looks,
    and a finer one that looks where the first one sees more."""
    first_px, second_px = _LARGE_CHECK_PX if long_side_px >= LARGE_PX else _CHECK_PX
    return (
        Pass(first_px, quarter_turns=quarter_turns, is_scout=True),
        Pass(second_px, quarter_turns=quarter_turns, is_scout=True),
    )


def _whole(*sides_px: int, is_mirrored: bool = False) -> tuple[Pass, ...]:
    return tuple(Pass(side_px, is_mirrored=is_mirrored) for side_px in sides_px)


def _both(side_px: int, where: Where) -> tuple[Pass, ...]:
    return tuple(Pass(side_px, where, is_mirrored) for is_mirrored in (False, True))


def _turned(*passes: Pass) -> tuple[Pass, ...]:
    return tuple(replace(each, quarter_turns=turns) for turns in (1, 2, 3) for each in passes)


PLAN_VERSION = 3
"""Recorded on every image. Increased whenever the passes of a profile change; version 1 is not recorded."""

SMALL_PX = 640

FULL_PX = 2000
LONG_ASPECT = 2.0

LARGE_PX = 2880

QUESTION_SCORE = 0.1
"""A candidate of a coarse pass with this score is a question, which a finer pass answers."""

SMALL_QUESTION_SCORE = 0.05
SMALL_QUESTION_PX = 40.0
"""The same for a candidate smaller than this in the finer pass: a coarse pass gives such faces low scores."""

SCOUT_SCORE = 0.05
"""The same for what a scout sees that is smaller than `SMALL_QUESTION_PX`: coarse passes are blind to some faces."""

FAINT_QUESTION_SCORE = 0.03
"""The same where all faces are likely to be small in the coarse passes: in small pictures."""

MOST_SHARE = 0.75
"""From this share of the picture on, a pass over regions shows the whole picture."""

SETTLED_SCORE = 0.6
SETTLED_PX = 64.0
"""A candidate is settled if the coarse passes agree on this score and its side in the finer pass is at least this."""

FINE_SCOUT_SCALE = 0.5
FINE_SCOUT_AREA_PX = 32e6
"""A large picture is shown to another scout at this scale, reduced to at most this area. There, a face of 40 px has 20
px, and 16 in a picture of 200 megapixels. It is left out if the profile's own scout is nearly as fine."""

FINE_SCOUT_GAIN = 1.4

FINE_AREA_PX = 100e6
FINE_REGIONS_PX = 8e6
FINE_REGIONS_OF_PX = 16e6
FINE_QUESTION_SCORE = 0.1
"""What that scout gives this score is looked at in the picture itself, reduced to at most `FINE_AREA_PX`; the best
first, in regions of at most `FINE_REGIONS_PX` in all. For a picture larger than `FINE_REGIONS_OF_PX`, this limit grows
with the square root of the area: it is 28 megapixels for 200."""

FINE_FACE_PX = 48.0
FINE_FACE_SCORE = 0.2
"""A candidate smaller than this in the finest pass so far, with this score, is shown to a pass over small faces."""

SMALL_FACE_PX = 24.0
"""A face smaller than this in the previous pass is worth a closer pass."""

TURNED_WEIGHT = 0.7
"""Weight of a score that only a turned pass gives, unless its part of the picture lies that way: most of these
candidates are not faces."""

CHECK_SCORE = 0.4
CHECK_SUM = 0.6
CONFIRMED_SUM = 0.8
UNSEEN_SCORE = 0.5
"""Parts of a picture lie another way up if a scout scores candidates there from `CHECK_SCORE` up, with a sum over
`CHECK_SUM`, and a finer one from `UNSEEN_SCORE` up, with a sum over `CONFIRMED_SUM`, that the upright passes score less
than `UNSEEN_SCORE`. If the sum of what these see is less than that, more than their sum is enough."""

VIEW_CHECK = Pass(320, is_scout=True)
VIEW_CHECK_SCORE = 0.5
"""In a picture that only its shape suggests to be a sphere, a view is looked at if a scout gives a face there this
score, and the passes over the picture itself less than `UNSEEN_SCORE`."""

_CHECK_PX = (320, 640)
_LARGE_CHECK_PX = (640, 1280)

_QUESTIONS, _SMALL_FACES = Where.QUESTIONS, Where.SMALL_FACES

PROFILES = {
    ProfileName.FAST: Profile(
        "yunet",
        passes=_whole(448, 1280),
        small_passes=_whole(448, 1600),
        threshold=0.5,
        closer_where=Where.WHOLE,
        closer_score=0.5,
        crowd=6,
    ),
    ProfileName.STANDARD: Profile(
        "centerface",
        passes=(*_whole(320, 640), Pass(800, is_scout=True), Pass(1280, _QUESTIONS)),
        small_passes=(*_whole(320, 640), Pass(1600, _QUESTIONS), Pass(2560, _SMALL_FACES)),
        threshold=0.3,
        most_zoom=2.0,
        looks_finely=True,
        regions_in_int8=True,
    ),
    ProfileName.THOROUGH: Profile(
        "centerface",
        passes=(
            *_whole(320, 640),
            *_whole(640, is_mirrored=True),
            Pass(960, is_scout=True),
            *_both(1280, _QUESTIONS),
            Pass(1920, _SMALL_FACES),
            *_turned(Pass(640), Pass(1280, _QUESTIONS)),
        ),
        small_passes=(
            *_whole(320, 640),
            *_both(1600, _QUESTIONS),
            Pass(2560, _SMALL_FACES),
            *_turned(Pass(320), Pass(640)),
        ),
        threshold=0.3,
        most_zoom=2.0,
        closer_score=0.1,
    ),
}

SCOUT_MODEL = "yunet"

SECOND_LOOK_MODEL = "yunet"
"""The model of the second look at the written result (`models.second_look`)."""

CANDIDATE_SCORE = 0.1
"""Candidates that a single pass scores below this are dropped; a lower floor measured no better."""

EVIDENCE_SCORE = 0.1
"""Candidates from this score up to the threshold are recorded as evidence of doubt, but not destroyed."""

"""A fine look: small faces of a large picture, of which the passes before show only a few pixels.

A scout looks at the whole picture at a scale at which a face of 40 px is seen, and the detector at the picture itself
around what the scout sees. Both have a limit, also in a crowd, so that their cost grows slower than the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from blurline.faces import Faces
from blurline.picture.letterbox import scale_of_side, side_of_scale
from blurline.policy.profile import (
    FINE_AREA_PX,
    FINE_FACE_SCORE,
    FINE_QUESTION_SCORE,
    FINE_REGIONS_OF_PX,
    FINE_REGIONS_PX,
    FINE_SCOUT_AREA_PX,
    FINE_SCOUT_GAIN,
    FINE_SCOUT_SCALE,
    SMALL_FACE_PX,
    Pass,
    Where,
)
from models.look import Focus, PassFaces, is_known, sides_px
from models.merge import fuse, non_maximum_suppression
from models.regions import plan_regions, share_of

_MERGE_IOU = 0.4


def fine_passes(passes: Sequence[Pass], width_px: int, height_px: int) -> tuple[Pass, ...]:
    """Return the passes to add to the ``passes`` over a picture of this size; none if their scout is fine enough."""
    area_px = width_px * height_px
    scale = min(FINE_SCOUT_SCALE, math.sqrt(FINE_SCOUT_AREA_PX / area_px))
    scouted = [scale_of_side(each.side_px, width_px, height_px) for each in passes if each.is_scout]
    if not scouted or scale < FINE_SCOUT_GAIN * max(scouted):
        return ()
    full = min(1.0, math.sqrt(FINE_AREA_PX / area_px))
    return (
        Pass(side_of_scale(scale, width_px, height_px), is_scout=True),
        Pass(side_of_scale(full, width_px, height_px), Where.SCOUTED),
    )


def small_questions(
    found: Sequence[PassFaces], scale: float, width_px: int, height_px: int, known: Faces | None = None
) -> Focus:
    """Return what a pass at ``scale`` should look at in a picture of this size after the passes ``found``, all of one
    way up: the small faces that scouts see or that the detector is not sure of, the best first, up to a limit.

    ``known``: (n, 5) rows of another way up. What it calls a face is no question this way up.
    """
    same = [each for each in found if not each.step.is_scout]
    rows = [each.faces[each.faces[:, 4] >= FINE_FACE_SCORE] for each in same]
    rows += [each.faces[each.faces[:, 4] >= FINE_QUESTION_SCORE] for each in found if each.step.is_scout]
    agreed = fuse(
        [each.candidates for each in same],
        [each.scale for each in same],
        _MERGE_IOU,
        [each.max_face_px for each in same],
        [each.areas for each in same],
    )
    questions = non_maximum_suppression(np.concatenate(rows), _MERGE_IOU)
    for settled in (agreed, known):
        if settled is not None:
            questions = questions[~is_known(questions, settled)]
    most_px = SMALL_FACE_PX / max(each.scale for each in same)
    questions = questions[sides_px(questions) < most_px]
    limit_px = FINE_REGIONS_PX * math.sqrt(max(1.0, width_px * height_px / FINE_REGIONS_OF_PX))
    count = len(questions)  # best first; touching regions become one, so their area is known only when planned
    while count and _area_px(questions[:count], scale, width_px, height_px) > limit_px:
        count = count * 7 // 8
    return Focus(questions[:count], most_px * scale)


def _area_px(rows: Faces, scale: float, width_px: int, height_px: int) -> float:
    """The area of the regions that show the rows in the picture at this scale."""
    width, height = round(width_px * scale), round(height_px * scale)
    return share_of(plan_regions(rows[:, :4] * scale, width, height), width, height) * width * height

"""A fine look: small faces of a large picture, of which the passes before show only a few pixels.

A scout looks at the whole picture at a scale at which a face of 40 px is seen, and the detector at the picture itself
around what the scout sees. Both have a limit, so that their cost grows slower than the picture.
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
from models.look import Focus, PassFaces, is_known
from models.merge import fuse, non_maximum_suppression
from models.regions import CONTEXT_PX

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


def small_questions(found: Sequence[PassFaces], scale: float, area_px: float, known: Faces | None = None) -> Focus:
    """Return what a pass at ``scale`` should look at in a picture of ``area_px`` after the passes ``found``, all of one
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
    sides_px = np.sqrt(np.prod(questions[:, 2:4] - questions[:, :2], axis=1, dtype=np.float64))
    questions, sides_px = questions[sides_px < most_px], sides_px[sides_px < most_px]
    regions_px = (2 * (sides_px * scale + CONTEXT_PX)) ** 2
    limit_px = FINE_REGIONS_PX * math.sqrt(max(1.0, area_px / FINE_REGIONS_OF_PX))
    return Focus(questions[np.cumsum(regions_px) <= limit_px], most_px * scale)

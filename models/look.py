"""A look: the passes of a profile over one picture, one after the other.

Coarse passes show the whole picture to the detector. A finer pass shows only the regions where the passes before it
left a question, so it costs little where there is nothing to find.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blurline.faces import Faces
from blurline.picture.letterbox import ScaledImage
from blurline.policy.profile import (
    CANDIDATE_SCORE,
    FAINT_QUESTION_SCORE,
    FINE_FACE_PX,
    FINE_FACE_SCORE,
    MOST_SHARE,
    QUESTION_SCORE,
    SCOUT_SCORE,
    SETTLED_PX,
    SETTLED_SCORE,
    SMALL_PX,
    SMALL_QUESTION_PX,
    SMALL_QUESTION_SCORE,
    UNSEEN_SCORE,
    Pass,
    Where,
)
from models.detector import Detector
from models.merge import fuse, iou, non_maximum_suppression
from models.regions import Regions, plan_regions, share_of

_MERGE_IOU = 0.4
_SAME_IOU = 0.3


@dataclass(frozen=True, slots=True)
class PassFaces:
    """The detections of one pass: (n, 5) unmerged rows in upright pixels, down to the lowest score of a question.

    ``scale``: input pixels per picture pixel. ``max_face_px``: larger faces, in input pixels, may be cut or were not
    looked for. ``areas``: (m, 4) parts of the picture that the pass showed, in upright pixels; None for all of it.
    """

    step: Pass
    faces: Faces
    scale: float
    max_face_px: float = math.inf
    areas: NDArray[np.float64] | None = None

    @property
    def candidates(self) -> Faces:
        """The rows that count as detections."""
        return self.faces[self.faces[:, 4] >= CANDIDATE_SCORE]


@dataclass(frozen=True, slots=True)
class Focus:
    """What a pass over regions looks for: (n, 5) rows in upright pixels, and the largest face in input pixels."""

    rows: Faces
    max_face_px: float


@dataclass(frozen=True, slots=True)
class PicturePart:
    """A part of the picture that lies another way up: (n, 5) ``cells`` that it covers, None for all of it, and (m, 5)
    ``known`` rows of the upright passes. What these call a face is no question in the other way up."""

    cells: Faces | None
    known: Faces


def focus_of(
    step: Pass,
    scale: float,
    found: Sequence[PassFaces],
    long_side_px: int,
    part: PicturePart | None = None,
    small_face_score: float = FINE_FACE_SCORE,
) -> Focus | None:
    """Return the focus of a pass at ``scale`` after the passes ``found``, or None if it shows the whole picture.

    ``part``: the part of the picture to look at, None for all of it. ``small_face_score``: from which score a candidate
    is a small face.
    """
    same_way = [each for each in found if each.step.quarter_turns == step.quarter_turns]
    same = [each for each in same_way if not each.step.is_scout]
    if step.where is Where.QUESTIONS:
        least = FAINT_QUESTION_SCORE if long_side_px <= SMALL_PX else QUESTION_SCORE
        rows = questions(same, scale, least)
        rows = np.concatenate([rows, *(scouted(each, scale) for each in same_way if each.step.is_scout)])
        if part is not None:
            rows = rows[~is_known(rows, part.known)]
        return Focus(non_maximum_suppression(rows, _MERGE_IOU), SETTLED_PX)
    if step.where is Where.SMALL_FACES:
        return small_faces(same, scale, small_face_score, FINE_FACE_PX)
    return None if part is None or part.cells is None else Focus(part.cells, math.inf)


def questions(found: Sequence[PassFaces], scale: float, least: float) -> Faces:
    """Return the candidates of the finest whole passes that a pass at ``scale`` should answer: those from the score
    ``least`` up, and small ones from `SMALL_QUESTION_SCORE` up.

    A candidate is settled, and no question, if it is large at that scale and the whole passes agree that it is a face.
    """
    whole = [each for each in found if each.step.where is Where.WHOLE]
    finest = max(each.scale for each in whole)
    rows = np.concatenate([each.faces for each in whole if each.scale == finest])
    is_small = (rows[:, 4] >= SMALL_QUESTION_SCORE) & (sides_px(rows) * scale < SMALL_QUESTION_PX)
    rows = rows[(rows[:, 4] >= least) | is_small]
    agreed = fuse(
        [each.candidates for each in whole],
        [each.scale for each in whole],
        _MERGE_IOU,
        areas=[each.areas for each in whole],
    )
    agreed = agreed[agreed[:, 4] >= SETTLED_SCORE]
    is_settled = (sides_px(rows) * scale > SETTLED_PX) & (iou(rows, agreed) > _SAME_IOU).any(axis=1)
    return rows[~is_settled]


def scouted(found: PassFaces, scale: float) -> Faces:
    """Return what a scout saw that is small in a pass at ``scale``: the coarse passes are blind to some of these."""
    rows = found.faces
    return rows[(rows[:, 4] >= SCOUT_SCORE) & (sides_px(rows) * scale < SMALL_QUESTION_PX)]


def small_faces(found: Sequence[PassFaces], scale: float, least: float, most_px: float) -> Focus:
    """Return the candidates from the score ``least`` that are smaller than ``most_px`` in the finest pass so far."""
    finest = max(each.scale for each in found)
    rows = np.concatenate([each.faces for each in found])
    rows = rows[(rows[:, 4] >= least) & (sides_px(rows) * finest < most_px)]
    return Focus(non_maximum_suppression(rows, _MERGE_IOU), most_px * scale / finest)


def is_known(rows: Faces, known: Faces) -> NDArray[np.bool_]:
    """Return the (n,) mask of (n, 5) rows that the merged rows ``known`` call a face too."""
    faces = known[known[:, 4] >= UNSEEN_SCORE]
    return np.asarray((iou(rows, faces) > _SAME_IOU).any(axis=1), np.bool_)


def regions_around(boxes: NDArray[np.floating], picture: ScaledImage) -> Regions:
    """Return the regions of a scaled picture that show the (n, 4) ``boxes``, in upright pixels, with context."""
    if picture.has_seam:  # what lies at the left edge is shown again at the right
        at_edge = boxes[boxes[:, 0] <= 0] + [picture.width_px, 0, picture.width_px, 0]
        boxes = np.concatenate([boxes, at_edge])
    height, width = picture.pixels.shape[:2]
    return plan_regions(boxes * np.tile([picture.scale_x, picture.scale_y], 2), width, height)


def run_pass(
    step: Pass, picture: ScaledImage, focus: Focus | None, detector: Detector, classes: tuple[int, ...] = (0,)
) -> PassFaces:
    """Run the detector over the whole picture, or over regions around the rows of ``focus`` unless they cover most."""
    regions = None if focus is None else regions_around(focus.rows[:, :4], picture)
    height, width = picture.pixels.shape[:2]
    if regions is not None and share_of(regions, width, height) >= MOST_SHARE:
        regions = None
    inputs = picture.letterboxes(
        detector.stride_px,
        detector.fixed_input,
        quarter_turns=step.quarter_turns,
        is_mirrored=step.is_mirrored,
        regions=None if regions is None else regions.tolist(),
    )
    found = [np.zeros((0, 5), np.float32)]
    max_face_px = math.inf if focus is None or regions is None else focus.max_face_px
    for one in inputs:
        found.append(one.to_photo(detector.candidates(one.pixels, FAINT_QUESTION_SCORE, classes)))
        max_face_px = min(max_face_px, one.max_face_px)
    areas = None if regions is None else regions / np.tile([picture.scale_x, picture.scale_y], 2)
    return PassFaces(step, np.concatenate(found), picture.scale, max_face_px, areas)


def sides_px(rows: Faces) -> NDArray[np.float64]:
    """Return (n,) the side of a square of the area of each of (n, 5) rows, in the rows' pixels."""
    return np.asarray(np.sqrt(np.prod(rows[:, 2:4] - rows[:, :2], axis=1, dtype=np.float64)))

"""Merges the detections of several passes into one row per face.

`fuse` beats plain non-maximum suppression on both evaluation sets (docs/detection.md): a face that several passes find
is more likely real, and averaging boxes reduces their errors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import powerboxes
from numpy.typing import NDArray

from blurline.faces import Faces

MIN_VISIBLE_PX = 12.0
"""A pass may miss a face that is smaller than this in its input, so such a miss does not count."""

CONTAINED_SHARE = 0.85
"""A row with this share of its area in a better row is a part of the same face."""

_TOLERANCE_PX = 0.5


def non_maximum_suppression(faces: Faces, max_iou: float) -> Faces:
    """Return the (n, 5) rows that no kept row with a better score overlaps by more than ``max_iou``, best first.

    Greedy, as in Dalal and Triggs (2005). Ties are broken by coordinates, so the result does not depend on the order of
    the input.
    """
    rows = faces[_order(faces)]
    if not len(rows):
        return rows
    kept = powerboxes.nms(rows[:, :4].copy(), np.arange(len(rows), 0, -1.0), max_iou, 0.0)
    return np.asarray(rows[np.sort(kept)])


def outermost(faces: Faces) -> Faces:
    """Return the (n, 5) rows, best first, without those that lie in a better row: parts of a face, seen alone.

    Destroying the better row destroys them too.
    """
    rows = faces[_order(faces)]
    is_part = np.zeros(len(rows), bool)
    for at in range(1, len(rows)):
        low, high = np.maximum(rows[at, :2], rows[:at, :2]), np.minimum(rows[at, 2:4], rows[:at, 2:4])
        shared = np.prod((high - low).clip(0), axis=1)
        is_part[at] = (shared >= CONTAINED_SHARE * np.prod(rows[at, 2:4] - rows[at, :2])).any()
    return np.asarray(rows[~is_part])


def fuse(
    passes: list[Faces],
    scales: list[float],
    max_iou: float,
    max_face_px: list[float] | None = None,
    areas: list[NDArray[np.float64] | None] | None = None,
) -> Faces:
    """Merge the passes over one picture into (n, 5) rows, best first, in the passes' common coordinates.

    ``scales``: input pixels per picture pixel of each pass; ``max_face_px``: the largest face, in input pixels, that
    each pass surely shows uncut; ``areas``: the (m, 4) parts of the picture that it showed, None for all of it.

    Rows that overlap a better one by more than ``max_iou`` are the same face. Its box is their mean, weighted by the
    squared score (weighted box fusion, Solovyev et al. 2021). Its score is halfway between the best score and the mean
    over the passes that could have seen it, where a miss counts 0. For a single pass this is plain suppression.
    """
    suppressed = [non_maximum_suppression(faces, max_iou) for faces in passes]
    source = np.repeat(np.arange(len(passes)), [len(faces) for faces in suppressed])
    rows = np.concatenate([*suppressed, np.zeros((0, 5), np.float32)])
    order = _order(rows)
    rows, source = rows[order], source[order]
    _, group = np.unique(_leaders(rows, max_iou), return_inverse=True)
    weight = rows[:, 4].astype(np.float64) ** 2
    weighed = [np.bincount(group, weight * rows[:, corner]) for corner in range(4)]
    box = np.stack(weighed, axis=1) / np.bincount(group, weight)[:, None]
    best = np.zeros((len(box), len(passes)))
    np.maximum.at(best, (group, source), rows[:, 4])
    side_px = np.sqrt((box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1]))
    top = best.max(axis=1, initial=0)
    seen_px = side_px[:, None] * np.asarray(scales)
    is_visible = (seen_px >= MIN_VISIBLE_PX) & (seen_px <= np.asarray(max_face_px or [np.inf] * len(passes)))
    for at, shown in enumerate(areas or ()):
        if shown is not None:
            is_visible[:, at] &= _is_inside_one(box, shown)
    is_expected = is_visible | (best == top[:, None])
    mean = (best * is_expected).sum(axis=1) / is_expected.sum(axis=1)
    fused = np.column_stack([box, (top + mean) / 2]).astype(np.float32)
    return non_maximum_suppression(fused, max_iou)


def iou(some: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
    """Return the (n, m) intersection over union of (n, 4) and (m, 4) corner rows."""
    corner = np.maximum(some[:, None, :2], others[None, :, :2])
    opposite = np.minimum(some[:, None, 2:4], others[None, :, 2:4])
    shared = np.prod((opposite - corner).clip(0), axis=2)
    areas = [np.prod(rows[:, 2:4] - rows[:, :2], axis=1) for rows in (some, others)]
    return np.asarray(shared / (areas[0][:, None] + areas[1][None] - shared + 1e-9), np.float64)


def _is_inside_one(boxes: NDArray[np.float64], areas: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the (n,) mask of (n, 4) boxes that lie in one of the (m, 4) areas."""
    low, high = areas[None, :, :2] - _TOLERANCE_PX, areas[None, :, 2:] + _TOLERANCE_PX
    is_inside = np.logical_and(boxes[:, None, :2] >= low, boxes[:, None, 2:] <= high).all(axis=2)
    return np.asarray(np.logical_or.reduce(is_inside, axis=1), np.bool_)


def _leaders(rows: Faces, max_iou: float) -> NDArray[np.intp]:
    """For rows, best first, return the index of the kept row that is the same face (a kept row's own index).

    Boxes with an IoU over ``max_iou`` have left edges within a window that depends on their widths. With rows sorted by
    the left edge, a kept row is compared with few neighbours instead of with all rows.
    """
    by_left = np.argsort(rows[:, 0], kind="stable")
    place = np.argsort(by_left)
    sorted_rows = np.ascontiguousarray(rows[by_left, :4].T)
    area = np.prod(sorted_rows[2:] - sorted_rows[:2], axis=0)
    left, width = rows[:, 0], rows[:, 2] - rows[:, 0]
    first = np.searchsorted(sorted_rows[0], left - (1 / max_iou - 1) * width).tolist()
    last = np.searchsorted(sorted_rows[0], left + (1 - max_iou) * width, side="right").tolist()
    leader = np.full(len(rows), -1)
    for best, at in enumerate(place.tolist()):
        if leader[at] >= 0:
            continue
        near = np.flatnonzero(leader[first[best] : last[best]] < 0) + first[best]
        corners, own = sorted_rows[:, near], sorted_rows[:, at : at + 1]
        sides = np.minimum(corners[2:], own[2:]) - np.maximum(corners[:2], own[:2])
        across, down = np.maximum(sides, 0, out=sides)
        shared = across * down
        is_same = shared > max_iou * (area[at] + area[near] - shared)
        leader[near[is_same]] = best
        leader[at] = best
    return leader[place]


def _order(faces: Faces) -> NDArray[np.intp]:
    return np.lexsort((faces[:, 3], faces[:, 2], faces[:, 1], faces[:, 0], -faces[:, 4]))

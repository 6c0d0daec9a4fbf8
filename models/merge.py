"""Merging what several passes found: one row a face.

`fuse` beats plain non-maximum suppression on both evaluation sets (docs/detection.md): a face that several
passes agree on is more likely one, and the passes' boxes average out their errors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blurline.box import Faces

MIN_VISIBLE_PX = 12.0
"""A pass is not expected to see a face that is smaller than this in its input, so its silence says nothing."""


def non_maximum_suppression(faces: Faces, max_iou: float) -> Faces:
    """(n, 5) rows -> the rows that no better-scored kept row overlaps by more than ``max_iou``, best first.

    Greedy, as in every detector since Dalal and Triggs (2005). Ties are broken by coordinates, so that the
    result does not depend on the order of the input.
    """
    rows = _best_first(faces)
    return rows[[group[0] for group in _groups(rows, max_iou)]]


def fuse(passes: list[Faces], scales: list[float], max_iou: float) -> Faces:
    """Merge the passes over one picture -> (n, 5) rows, best first, in the passes' common coordinates.

    ``scales``: input pixels a picture pixel of each pass. Rows that overlap a better one by more than
    ``max_iou`` are the same face. Its box is the mean of theirs, weighted by the square of the score (weighted
    box fusion, Solovyev et al. 2021); its score is halfway between the best one and the mean over the passes
    that could have seen it, a silent pass counting 0. One pass alone is plain suppression.
    """
    suppressed = [non_maximum_suppression(faces, max_iou) for faces in passes]
    source = np.repeat(np.arange(len(passes)), [len(faces) for faces in suppressed])
    rows = np.concatenate([*suppressed, np.zeros((0, 5), np.float32)])
    order = _order(rows)
    rows, source = rows[order], source[order]
    fused = np.zeros((0, 5), np.float32)
    groups = _groups(rows, max_iou)
    if groups:
        fused = np.stack([_fuse_group(rows[group], source[group], np.asarray(scales)) for group in groups])
    return non_maximum_suppression(fused, max_iou)


def _fuse_group(rows: Faces, source: NDArray[np.intp], scales: NDArray[np.float64]) -> NDArray[np.float32]:
    weight = rows[:, 4:] ** 2
    box = (rows[:, :4] * weight).sum(axis=0) / weight.sum()
    best = np.zeros(len(scales))
    np.maximum.at(best, source, rows[:, 4])
    side_px = np.sqrt((box[2] - box[0]) * (box[3] - box[1]))
    is_expected = (side_px * scales >= MIN_VISIBLE_PX) | (best == best.max())
    return np.array([*box, (best.max() + best[is_expected].mean()) / 2], np.float32)


def _groups(rows: Faces, max_iou: float) -> list[NDArray[np.intp]]:
    """Rows, best first -> indices of each best row followed by the rows that it takes with it."""
    x1, y1, x2, y2 = rows[:, :4].T
    area = (x2 - x1) * (y2 - y1)
    groups: list[NDArray[np.intp]] = []
    left = np.arange(len(rows))
    while len(left):
        best, others = left[0], left[1:]
        width = np.clip(np.minimum(x2[best], x2[others]) - np.maximum(x1[best], x1[others]), 0, None)
        height = np.clip(np.minimum(y2[best], y2[others]) - np.maximum(y1[best], y1[others]), 0, None)
        shared = width * height
        is_same = shared > max_iou * (area[best] + area[others] - shared)
        groups.append(np.concatenate([left[:1], others[is_same]]))
        left = others[~is_same]
    return groups


def _best_first(faces: Faces) -> Faces:
    return faces[_order(faces)]


def _order(faces: Faces) -> NDArray[np.intp]:
    return np.lexsort((faces[:, 3], faces[:, 2], faces[:, 1], faces[:, 0], -faces[:, 4]))

"""Merging what several passes found: one row a face."""

from __future__ import annotations

import numpy as np

from blurline.box import Faces


def non_maximum_suppression(faces: Faces, max_iou: float) -> Faces:
    """(n, 5) rows -> the rows that no better-scored kept row overlaps by more than ``max_iou``, best first.

    Greedy, as in every detector since Dalal and Triggs (2005). Ties are broken by coordinates, so that the
    result does not depend on the order of the input.
    """
    order = np.lexsort((faces[:, 3], faces[:, 2], faces[:, 1], faces[:, 0], -faces[:, 4]))
    rows = faces[order]
    x1, y1, x2, y2 = rows[:, :4].T
    area = (x2 - x1) * (y2 - y1)
    kept: list[int] = []
    left = np.arange(len(rows))
    while len(left):
        best, others = left[0], left[1:]
        kept.append(int(best))
        width = np.clip(np.minimum(x2[best], x2[others]) - np.maximum(x1[best], x1[others]), 0, None)
        height = np.clip(np.minimum(y2[best], y2[others]) - np.maximum(y1[best], y1[others]), 0, None)
        shared = width * height
        left = others[shared <= max_iou * (area[best] + area[others] - shared)]
    return np.asarray(rows[kept], np.float32)

"""Plans the regions of a closer pass: from boxes that deserve a closer look to few rectangles that cover them.

A region lies on the grid of the network's stride, so that its features line up with those of the whole picture, and
shows context around its boxes. Regions are merged where one run over their union costs less than two runs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CELL_PX = 32
"""The grid of regions, in pixels of the detector's input."""

CONTEXT_PX = 24.0
"""Context around a box, in addition to half its size."""

_CELLS_PER_RUN = 1.5  # the fixed cost of one more region, in cells
_MOST_REGIONS = 400  # with more boxes than this, the grid becomes coarser, so that planning stays fast

Regions = NDArray[np.int64]
"""(m, 4) left, top, right and bottom, in pixels of the scaled picture."""


def plan_regions(boxes: NDArray[np.floating], width_px: int, height_px: int) -> Regions:
    """Return regions that cover the (n, 4) ``boxes``, all in pixels of the scaled picture, which has this size.

    Regions are clipped to the picture, sorted, and do not depend on the order of the boxes.
    """
    cell_px = CELL_PX
    while True:
        cells = np.unique(_in_cells(boxes, width_px, height_px, cell_px), axis=0)
        if len(cells) <= _MOST_REGIONS:
            break
        cell_px *= 2
    regions = _merged(cells) * cell_px
    regions[:, 2] = np.minimum(regions[:, 2], width_px)
    regions[:, 3] = np.minimum(regions[:, 3], height_px)
    return regions[np.lexsort(regions.T[::-1])]


def share_of(regions: Regions, width_px: int, height_px: int) -> float:
    """Return the area of the regions as a share of the picture's."""
    sides = regions[:, 2:] - regions[:, :2]
    return float(np.prod(sides, axis=1).sum() / (width_px * height_px))


def _in_cells(boxes: NDArray[np.floating], width_px: int, height_px: int, cell_px: int) -> Regions:
    """Grow the boxes by their context, and round outward to whole cells."""
    around = (boxes[:, 2:] - boxes[:, :2]) / 2 + CONTEXT_PX
    low, high = boxes[:, :2] - around, boxes[:, 2:] + around
    last = np.array([width_px, height_px]) - 1
    first_cell = np.floor(low.clip(0, last) / cell_px)
    last_cell = np.floor(high.clip(0, last) / cell_px) + 1
    return np.concatenate([first_cell, last_cell], axis=1).astype(np.int64)


def _merged(cells: Regions) -> Regions:
    """Merge what touches, then, again and again, the pair of rectangles that saves most."""
    cells = _without_touching(cells)
    saved = np.stack([_saved(each, cells) for each in cells]) if len(cells) else np.zeros((0, 0))
    np.fill_diagonal(saved, 0)
    is_left = np.ones(len(cells), bool)
    while saved.max(initial=0) > 0:
        one, other = divmod(int(saved.argmax()), len(cells))
        cells[one] = _union(cells[one], cells[other])
        is_left[other] = False
        saved[one] = saved[:, one] = np.where(is_left, _saved(cells[one], cells), 0)
        saved[other] = saved[:, other] = 0
        saved[one, one] = 0
    return cells[is_left]


def _without_touching(cells: Regions) -> Regions:
    """Replace rectangles that touch by their union until none touch; usually leaves few of many."""
    while True:
        low = np.maximum(cells[:, None, :2], cells[None, :, :2])
        high = np.minimum(cells[:, None, 2:], cells[None, :, 2:])
        first = (low <= high).all(axis=2).argmax(axis=1) if len(cells) else np.arange(0)  # at the latest itself
        joined = cells.copy()
        np.minimum.at(joined[:, :2], first, cells[:, :2])
        np.maximum.at(joined[:, 2:], first, cells[:, 2:])
        if (first == np.arange(len(cells))).all():
            return joined
        cells = joined[np.unique(first)]


def _saved(one: NDArray[np.int64], cells: Regions) -> NDArray[np.float64]:
    """How much less the union of ``one`` with each rectangle costs than both of them; infinite if they touch."""
    low, high = np.maximum(one[:2], cells[:, :2]), np.minimum(one[2:], cells[:, 2:])
    saved = _cost(one) + _cost(cells) - _cost(_union(one, cells))
    return np.where((low <= high).all(axis=1), np.inf, saved)


def _union(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    low, high = np.minimum(one[..., :2], other[..., :2]), np.maximum(one[..., 2:], other[..., 2:])
    return np.concatenate([low, high], axis=-1)


def _cost(cells: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(np.prod(cells[..., 2:] - cells[..., :2], axis=-1) + _CELLS_PER_RUN, np.float64)

"""Which way up each part of a picture lies: an album page holds pictures that lie in several ways.

Every face that is seen votes for the way up in which it is seen, with a weight that falls with the square of the
distance. So a single picture that lies on its side is one part, and on a page each picture is a part of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blurline.faces import Faces
from blurline.policy.profile import UNSEEN_SCORE
from models.merge import iou, non_maximum_suppression

_GRID = 16  # cells along each side of a picture
_BETTER = 0.1
_MERGE_IOU = 0.4
_SAME_IOU = 0.3


@dataclass(frozen=True, slots=True)
class WaysUp:
    """The way up of each part of a picture.

    ``turns``: (16, 16) quarter turns, counter-clockwise, after which the faces in a cell of the picture are upright.
    """

    turns: NDArray[np.int_]
    width_px: int
    height_px: int

    def at(self, rows: Faces) -> NDArray[np.int_]:
        """Return (n,) the quarter turns at the centres of (n, 5) rows, in upright pixels."""
        cells = _centres(rows) / [self.width_px, self.height_px] * _GRID
        column, row = cells.astype(int).clip(0, _GRID - 1).T
        return np.asarray(self.turns[row, column])

    def cells(self, quarter_turns: int) -> Faces:
        """Return the cells of one way up as (m, 5) rows, in upright pixels."""
        row, column = np.nonzero(self.turns == quarter_turns)
        boxes = np.stack([column, row, column + 1, row + 1], axis=1) / _GRID
        boxes *= np.tile([self.width_px, self.height_px], 2)
        return np.column_stack([boxes, np.ones(len(boxes))]).astype(np.float32)


def all_upright(width_px: int, height_px: int) -> WaysUp:
    """Return the ways up of a picture in which nothing lies another way."""
    return WaysUp(np.zeros((_GRID, _GRID), int), width_px, height_px)


def ways_up(seen: Sequence[Faces], width_px: int, height_px: int) -> WaysUp:
    """Return the way up in which most is seen near each cell. ``seen``: (n, 5) rows after 0, 1, 2 and 3 quarter turns;
    those from `UNSEEN_SCORE` up count."""
    middle = (np.arange(_GRID) + 0.5) / _GRID
    points = np.stack(np.meshgrid(middle * width_px, middle * height_px), axis=-1).reshape(-1, 2)
    votes = [_votes(_sure(rows, UNSEEN_SCORE), points) for rows in seen]
    return WaysUp(np.argmax(votes, axis=0).reshape(_GRID, _GRID), width_px, height_px)


def sees_more(turned: Faces, upright: Callable[[], Faces], least: float, enough: float) -> bool:
    """Whether the (n, 5) rows of a scout show a part of the picture that lies another way up.

    These are rows from the score ``least`` up that outvote ``upright``, the merged rows of the upright passes, and that
    these lack or score lower by `_BETTER`. The sum of their scores has to exceed ``enough``, or the sum of the upright
    ones if that is less.
    """
    rows = _sure(turned, least)
    if not len(rows):
        return False
    known = _sure(upright(), UNSEEN_SCORE)
    upright_scores = np.where(iou(rows, known) > _SAME_IOU, known[:, 4] + _BETTER, 0).max(axis=1, initial=0)
    rows = rows[rows[:, 4] > upright_scores]
    points = _centres(rows)
    evidence = rows[_votes(rows, points) > _votes(known, points), 4].sum()
    return bool(evidence > min(enough, known[:, 4].sum()))


def _sure(rows: Faces, least: float) -> Faces:
    return non_maximum_suppression(rows[rows[:, 4] >= least], _MERGE_IOU)


def _votes(rows: Faces, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of the votes of (n, 5) rows at each of (m, 2) points."""
    squared_px = np.square(points[:, None] - _centres(rows)[None]).sum(axis=2)
    area_px = np.prod(rows[:, 2:4] - rows[:, :2], axis=1, dtype=np.float64)
    return np.asarray((rows[:, 4] / (squared_px + area_px)).sum(axis=1), np.float64)


def _centres(rows: Faces) -> NDArray[np.float64]:
    return np.asarray((rows[:, :2] + rows[:, 2:4]) / 2, np.float64)

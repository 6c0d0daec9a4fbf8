"""Applies a policy to detections: destroy, keep visible on purpose, or count as doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from blurline.box import Face
from blurline.detected_class import FACE
from blurline.faces import Faces, to_faces
from blurline.picture.destroy import destroyed_share
from blurline.policy import Policy

MOSTLY = 0.5
"""The destroyed share from which a box counts as covered."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision for each row of ``rows`` ((n, 5), upright pixels): masks of shape (n,).

    ``is_destroyed``: the face will be destroyed. ``is_left``: it is a face, and the policy keeps it visible. A row that
    is neither is a candidate that scored too low. ``others``: the same for the rows of each class beside faces.
    """

    rows: Faces
    is_destroyed: NDArray[np.bool_]
    is_left: NDArray[np.bool_]
    others: Mapping[str, Choice] = field(default_factory=dict)

    @property
    def faces(self) -> tuple[Face, ...]:
        """The faces to destroy, highest score first."""
        return to_faces(self.rows[self.is_destroyed])

    @property
    def by_class(self) -> dict[str, Choice]:
        """The choice for each class, faces first."""
        return {FACE: self, **self.others}

    @property
    def destroyed(self) -> tuple[Face, ...]:
        """What to destroy: the faces, then the objects of each other class, highest score first."""
        return tuple(
            each for name, choice in self.by_class.items() for each in to_faces(choice.rows[choice.is_destroyed], name)
        )

    def uncovered(self, rows: Faces, policy: Policy, width_px: int, height_px: int) -> NDArray[np.bool_]:
        """Return an (m,) mask of other ``rows`` that are visible in the result against the policy's intent."""
        boxes = rows[:, :4].astype(np.float64)
        covers = np.concatenate([each.rows[each.is_destroyed, :4] for each in self.by_class.values()])
        destroyed = destroyed_share(boxes, covers.astype(np.float64), policy.padding)
        regions = (*policy.always_regions, *policy.keep_regions)
        given = [_share_inside(boxes, region.box(width_px, height_px).corners) for region in regions]
        left = [_share_inside(boxes, tuple(box)) for box in self.rows[self.is_left, :4].astype(float).tolist()]
        return np.asarray(np.max([destroyed, *given, *left], axis=0) < MOSTLY)


def choose(
    rows: Faces, policy: Policy, threshold: float, width_px: int, height_px: int, *, is_sphere: bool = False
) -> Choice:
    """Decide on every row for a photograph of this size.

    ``threshold`` is the score from which a row is a face in the profile. A policy with a higher ``min_score`` keeps the
    faces in between visible. In a sphere, whose poles stretch faces sideways, the height of a box is the size of its
    face.
    """
    least = policy.min_score if policy.min_score is not None else threshold
    boxes = rows[:, :4].astype(np.float64)
    is_wanted = np.ones(len(rows), bool)
    for region in policy.keep_regions:
        is_wanted &= _share_inside(boxes, region.box(width_px, height_px).corners) < MOSTLY
    if policy.size_limits is not None:
        sides_px = (boxes[:, 2:] - boxes[:, :2])[:, int(is_sphere) :].max(axis=1, initial=0)
        long_side_px = max(width_px, height_px)
        is_wanted &= [policy.size_limits.allow(side_px, long_side_px) for side_px in sides_px.tolist()]
    is_destroyed = is_wanted & (rows[:, 4] >= least)
    is_left = ~is_destroyed & (rows[:, 4] >= min(least, threshold))
    return Choice(rows, is_destroyed, is_left)


def choose_others(
    found: Mapping[str, tuple[Faces, float]], policy: Policy, width_px: int, height_px: int
) -> dict[str, Choice]:
    """Decide on every row of each class beside faces.

    ``found``: the rows of each class, and the score from which one is an object of the class. `min_score` and
    `size_limits` concern faces only: scores of other detectors mean something else.
    """
    for_others = policy.model_copy(update={"min_score": None, "size_limits": None})
    return {name: choose(rows, for_others, threshold, width_px, height_px) for name, (rows, threshold) in found.items()}


def _share_inside(boxes: NDArray[np.float64], area: tuple[float, ...]) -> NDArray[np.float64]:
    """Return how much of each of the (n, 4) boxes lies inside the area (x1, y1, x2, y2)."""
    x1, y1, x2, y2 = area
    width = (np.minimum(boxes[:, 2], x2) - np.maximum(boxes[:, 0], x1)).clip(0)
    height = (np.minimum(boxes[:, 3], y2) - np.maximum(boxes[:, 1], y1)).clip(0)
    return np.asarray(width * height / np.prod(boxes[:, 2:] - boxes[:, :2], axis=1).clip(1e-9))

"""Applies a reviewer's correction to detections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from blurline.box import Box
from blurline.contract.corrections import Correction, MarkedBox
from blurline.decision.choice import MOSTLY, Choice
from blurline.detected_class import FACE
from blurline.errors import MarkMisses
from blurline.faces import Faces
from blurline.policy import Policy
from blurline.policy.region import Region

_SAMPLES = 24


def corrected_choices(correction: Correction, frames: int) -> tuple[Choice, ...]:
    """Return the choice for each of the image's ``frames`` frames."""
    return tuple(_choice(correction, frame) for frame in range(frames))


def _choice(correction: Correction, frame: int) -> Choice:
    names = dict.fromkeys(box.class_name for box in (*correction.destroy, *correction.leave) if box.frame == frame)
    others = {name: _choice_of_class(correction, frame, name) for name in names if name != FACE}
    return replace(_choice_of_class(correction, frame, FACE), others=others)


def _choice_of_class(correction: Correction, frame: int, class_name: str) -> Choice:
    destroyed, left = (
        [box for box in boxes if (box.frame, box.class_name) == (frame, class_name)]
        for boxes in (correction.destroy, correction.leave)
    )
    rows: Faces = np.array(
        [[box.x1, box.y1, box.x2, box.y2, box.score] for box in (*destroyed, *left)], np.float32
    ).reshape(-1, 5)
    is_destroyed = np.arange(len(rows)) < len(destroyed)
    return Choice(rows, is_destroyed, ~is_destroyed)


def check_regions(correction: Correction, sizes_px: Sequence[tuple[float, float]], policy: Policy) -> None:
    """Raise MarkMisses when a keep-region would leave a box to destroy visible: at least half of the box lies in it.

    ``sizes_px``: (width, height) of each frame.
    """
    if not policy.keep_regions:
        return
    for number, box in enumerate(correction.destroy, start=1):
        if _kept_share(box, sizes_px[box.frame], policy) >= MOSTLY:
            raise MarkMisses(
                f"Box {number}, {box}, lies in a keep-region of the policy, where nothing changes. Re-run the image "
                "without the region, or reject it."
            )


def _kept_share(box: MarkedBox, size_px: tuple[float, float], policy: Policy) -> float:
    """How much of the box's part inside the picture no destruction reaches, measured on a grid of points."""
    width_px, height_px = size_px
    inside = Box(box.x1, box.y1, box.x2, box.y2).clipped(int(width_px), int(height_px))
    middle = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    x, y = np.meshgrid(inside.x1 + middle * inside.width_px, inside.y1 + middle * inside.height_px)

    def covered(regions: Sequence[Region]) -> NDArray[np.bool_]:
        areas = [region.box(int(width_px), int(height_px)) for region in regions]
        within = [(x >= area.x1) & (x < area.x2) & (y >= area.y1) & (y < area.y2) for area in areas]
        return np.any(within, axis=0) if within else np.zeros_like(x, bool)

    return float((covered(policy.keep_regions) & ~covered(policy.always_regions)).mean())

"""Applies a reviewer's correction to detections."""

from __future__ import annotations

import numpy as np

from blurline.contract.corrections import Correction
from blurline.decision.choice import Choice
from blurline.faces import Faces


def corrected_choices(correction: Correction, frames: int) -> tuple[Choice, ...]:
    """Return the choice for each of the image's ``frames`` frames."""
    return tuple(_choice(correction, frame) for frame in range(frames))


def _choice(correction: Correction, frame: int) -> Choice:
    destroyed, left = ([box for box in boxes if box.frame == frame] for boxes in (correction.destroy, correction.leave))
    rows: Faces = np.array(
        [[box.x1, box.y1, box.x2, box.y2, box.score] for box in (*destroyed, *left)], np.float32
    ).reshape(-1, 5)
    is_destroyed = np.arange(len(rows)) < len(destroyed)
    return Choice(rows, is_destroyed, ~is_destroyed)

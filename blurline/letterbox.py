"""Fitting a photograph into a detector's input without changing its aspect ratio.

Squashing to a square costs 11 to 13 points of recall (docs/detection.md), so the picture is scaled by one
factor, up or down, and the rest of the input is black, at the right and at the bottom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.box import Faces
from blurline.resample import resized


@dataclass(frozen=True, slots=True)
class Letterbox:
    """A detector input and the way back.

    ``pixels``: (height, width, 3) uint8 RGB, both sides a multiple of the model's stride (or its fixed size).
    ``scale_x``, ``scale_y``: input pixels a pixel of the upright photograph (they differ by rounding alone).
    """

    pixels: NDArray[np.uint8]
    scale_x: float
    scale_y: float

    @property
    def scale(self) -> float:
        """Input pixels a picture pixel, the mean of both axes."""
        return (self.scale_x + self.scale_y) / 2

    def to_photo(self, faces: Faces) -> Faces:
        """(n, 5) rows in input pixels -> rows in pixels of the upright photograph."""
        scale = np.array([self.scale_x, self.scale_y, self.scale_x, self.scale_y, 1.0], np.float32)
        return np.asarray(faces / scale, np.float32)


def letterbox(
    pixels: NDArray[np.uint8], sides_px: Sequence[int], stride_px: int = 32, fixed: tuple[int, int] | None = None
) -> list[Letterbox]:
    """Scale ``pixels`` (H, W, 3; RGB uint8) so that the long side is each of ``sides_px`` in turn, and pad.

    ``fixed`` is the (height, width) of a model that takes one size alone: the picture is then fitted into
    that size once and ``sides_px`` is not used.
    """
    height, width = pixels.shape[:2]
    image = Image.fromarray(pixels)
    if fixed is not None:
        return [_fitted(image, min(fixed[0] / height, fixed[1] / width), fixed)]
    boxes = []
    for side_px in sides_px:
        factor = side_px / max(height, width)
        outer = _up_to(round(height * factor), stride_px), _up_to(round(width * factor), stride_px)
        boxes.append(_fitted(image, factor, outer))
    return boxes


def _fitted(image: Image.Image, factor: float, outer: tuple[int, int]) -> Letterbox:
    """The image scaled by ``factor`` at the top left of a black (height, width) canvas."""
    width, height = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    # Measured (docs/detection.md): upwards bicubic is best, downwards bilinear.
    inner = image if factor == 1 else resized(image, width, height, is_bicubic=factor > 1)
    canvas = np.zeros((*outer, 3), np.uint8)
    canvas[:height, :width] = np.asarray(inner)
    return Letterbox(canvas, width / image.width, height / image.height)


def _up_to(value: int, multiple: int) -> int:
    return max(1, -(-value // multiple)) * multiple

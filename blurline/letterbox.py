"""Fitting a photograph into a detector's input without changing its aspect ratio.

Squashing to a square costs 11 to 13 points of recall (docs/detection.md), so the picture is scaled by one
factor, up or down, and the rest of the input is black, at the right and at the bottom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.box import Faces


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
    pixels: NDArray[np.uint8], side_px: int, stride_px: int = 32, fixed: tuple[int, int] | None = None
) -> Letterbox:
    """Scale ``pixels`` (H, W, 3; RGB uint8) so that the long side is ``side_px``, then pad.

    ``fixed`` is the (height, width) of a model that takes one size alone: the picture is then fitted into
    that size and ``side_px`` is not used.
    """
    height, width = pixels.shape[:2]
    factor = min(fixed[0] / height, fixed[1] / width) if fixed else side_px / max(height, width)
    inner_width, inner_height = max(1, round(width * factor)), max(1, round(height * factor))
    outer_height, outer_width = fixed or (_up_to(inner_height, stride_px), _up_to(inner_width, stride_px))
    canvas = np.zeros((outer_height, outer_width, 3), np.uint8)
    canvas[:inner_height, :inner_width] = _resize(pixels, inner_width, inner_height)
    return Letterbox(canvas, inner_width / width, inner_height / height)


def _resize(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    if pixels.shape[:2] == (height, width):
        return pixels
    # Measured (docs/detection.md): bicubic is the better of the two upwards, bilinear as good and faster downwards.
    resample = Image.Resampling.BICUBIC if width > pixels.shape[1] else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(pixels).resize((width, height), resample, reducing_gap=2.0))


def _up_to(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple

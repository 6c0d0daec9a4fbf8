"""Fits a photograph into a detector's input without changing its aspect ratio.

Stretching to a square costs 11 to 13 points of recall (docs/detection.md). So the picture is scaled by one factor, up
or down, and the rest of the input, at the right and at the bottom, is black. A scaled picture may be rotated or
mirrored. A picture that is too large for the detector is cut into overlapping tiles. A panorama's left edge is repeated
at the right, so that a face on the seam is seen whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.faces import Faces
from blurline.picture.resample import resize

TILE_PX = 2048
"""Longest side of an input; a larger scaled picture is cut into tiles."""

_OVERLAP = 0.125  # of two tiles, as a fraction of a tile's longest side
_PANORAMA_ASPECT = 1.95  # a full 360 degree panorama is at least twice as wide as high
_MOST_ASPECT = 16.0  # pictures with a larger aspect ratio are not scaled further up
_LONG_ASPECT = 2.0  # pictures with a larger aspect ratio are long
_FULL_SIDE_PX = 2000  # a long picture is scaled like a picture with this long side, ...
_MOST_LONG_AREA = 12.0  # ... to an area of at most this many squares of the side
_SEAM = 0.125  # how much of a panorama is repeated, as a fraction of its width
_INNER_EDGE_PX = 2.0


@dataclass(frozen=True, slots=True)
class ScaledImage:
    """An upright photograph at another size.

    ``pixels``: (height, width, 3) uint8 RGB. ``scale_x``, ``scale_y``: its pixels per pixel of the photograph (they
    differ only by rounding). ``width_px``: the photograph's width. A panorama's ``pixels`` repeat its left edge.
    """

    pixels: NDArray[np.uint8]
    scale_x: float
    scale_y: float
    width_px: int

    @property
    def scale(self) -> float:
        """Scaled pixels per photograph pixel, the mean of both axes."""
        return (self.scale_x + self.scale_y) / 2

    @property
    def has_seam(self) -> bool:
        """Whether the left edge is repeated at the right."""
        return bool(self.pixels.shape[1] > round(self.width_px * self.scale_x))

    def letterboxes(
        self,
        stride_px: int = 32,
        fixed: tuple[int, int] | None = None,
        *,
        quarter_turns: int = 0,
        is_mirrored: bool = False,
        regions: Sequence[Sequence[int]] | None = None,
    ) -> Iterator[Letterbox]:
        """Yield detector inputs that together show the whole picture, or only ``regions`` of it.

        Their sides are a multiple of ``stride_px``, or ``fixed`` (height, width) for a model with one input size.
        ``quarter_turns`` are counter-clockwise; the picture is rotated first, then mirrored. Each region is left, top,
        right and bottom in pixels of the scaled picture.
        """
        shown = np.rot90(self.pixels, quarter_turns)
        if is_mirrored:
            shown = shown[:, ::-1]
        height, width = self.pixels.shape[:2]
        most_height, most_width = fixed or (TILE_PX, TILE_PX)
        for region in [(0, 0, width, height)] if regions is None else regions:
            x1, y1, x2, y2 = _as_shown(region, width, height, quarter_turns, is_mirrored)
            for top, bottom in _spans(y1, y2, most_height):
                for left, right in _spans(x1, x2, most_width):
                    outer = fixed or (_up_to(bottom - top, stride_px), _up_to(right - left, stride_px))
                    canvas = np.zeros((*outer, 3), np.uint8)
                    canvas[: bottom - top, : right - left] = shown[top:bottom, left:right]
                    yield Letterbox(
                        canvas, self, (left, top, right, bottom), quarter_turns, is_mirrored, (x1, y1, x2, y2)
                    )


@dataclass(frozen=True, slots=True)
class Letterbox:
    """A detector input, and how to map its coordinates back.

    ``pixels``: (height, width, 3) uint8 RGB. ``area``: left, top, right and bottom of the visible part of the scaled
    picture after rotation and mirroring. ``region``: the same of the region that this input and its neighbours show.
    """

    pixels: NDArray[np.uint8]
    source: ScaledImage
    area: tuple[int, int, int, int]
    quarter_turns: int
    is_mirrored: bool
    region: tuple[int, int, int, int]

    @property
    def max_face_px(self) -> float:
        """The longest side of a face, in input pixels, that is seen whole at any position of the region."""
        is_one = self.area == self.region
        return math.inf if is_one else _OVERLAP * max(self.pixels.shape[:2]) - 2 * _INNER_EDGE_PX

    def to_photo(self, faces: Faces) -> Faces:
        """Convert (n, 5) rows in input pixels to rows in pixels of the upright photograph.

        Rows that an inner edge of a tile cuts are dropped, because another tile shows the whole face. A row on a
        panorama's seam becomes two.
        """
        width, height = self._shown
        left, top, right, bottom = self.area
        x1, y1, x2, y2, score = faces.astype(np.float64).T
        x1, x2, y1, y2 = x1 + left, x2 + left, y1 + top, y2 + top
        is_cut = np.zeros(len(faces), bool)
        for is_inner, cut in (
            (left > 0, x1 < left + _INNER_EDGE_PX),
            (top > 0, y1 < top + _INNER_EDGE_PX),
            (right < width, x2 > right - _INNER_EDGE_PX),
            (bottom < height, y2 > bottom - _INNER_EDGE_PX),
        ):
            is_cut |= is_inner & cut
        if self.is_mirrored:
            x1, x2 = width - x2, width - x1
        for _ in range(self.quarter_turns % 4):  # each iteration undoes one turn: up becomes right again
            x1, y1, x2, y2 = height - y2, x1, height - y1, x2
            width, height = height, width
        scale_x, scale_y = self.source.scale_x, self.source.scale_y
        rows = np.stack([x1 / scale_x, y1 / scale_y, x2 / scale_x, y2 / scale_y, score], axis=1)[~is_cut]
        if self.source.has_seam:
            rows = _rolled_up(rows, self.source.width_px)
        return np.asarray(rows, np.float32)

    @property
    def _shown(self) -> tuple[int, int]:
        height, width = self.source.pixels.shape[:2]
        return (height, width) if self.quarter_turns % 2 else (width, height)


def scale_to_side(image: Image.Image, side_px: int) -> ScaledImage:
    """Scale an upright RGB image so that the long side is ``side_px``.

    A picture longer than 2:1 is scaled to the area of a 2:1 picture with that side, and a large one to more: what
    counts is how many pixels a face has, and the long side of a strip or scroll does not limit that.
    """
    width, height = image.size
    inner = _resize(image, scale_of_side(side_px, width, height))
    scale_x, scale_y = inner.shape[1] / width, inner.shape[0] / height
    if width >= _PANORAMA_ASPECT * height:
        inner = np.concatenate([inner, inner[:, : round(inner.shape[1] * _SEAM)]], axis=1)
    return ScaledImage(inner, scale_x, scale_y, width)


def scale_of_side(side_px: int, width_px: int, height_px: int) -> float:
    """Return the factor by which `scale_to_side` scales a picture of this size."""
    least, large = _scales_per_side(width_px, height_px)
    return max(side_px * least, min(side_px * large, 1.0))


def side_of_scale(scale: float, width_px: int, height_px: int) -> int:
    """Return the side for which `scale_to_side` scales a picture of this size by a factor of at most 1."""
    return math.ceil(scale / max(_scales_per_side(width_px, height_px)) - 1e-6)


def _scales_per_side(width_px: int, height_px: int) -> tuple[float, float]:
    """The factor for each pixel of the side: of any picture, and up to 1, of a long one; 0 for others."""
    long_px, short_px = max(width_px, height_px), min(width_px, height_px)
    aspect = long_px / short_px
    least = math.sqrt(max(1.0, min(aspect, _MOST_ASPECT) / 2)) / long_px
    if aspect <= _LONG_ASPECT:
        return least, 0.0
    return least, min(1 / _FULL_SIDE_PX, math.sqrt(_MOST_LONG_AREA / (width_px * height_px)))


def scale_to_fit(image: Image.Image, height_px: int, width_px: int) -> ScaledImage:
    """Scale an upright RGB image so that it fits into a size exactly."""
    width, height = image.size
    inner = _resize(image, min(height_px / height, width_px / width))
    return ScaledImage(inner, inner.shape[1] / width, inner.shape[0] / height, width)


def _resize(image: Image.Image, factor: float) -> NDArray[np.uint8]:
    width, height = (max(1, round(side * factor)) for side in image.size)
    if (width, height) == image.size:
        return np.asarray(image)
    # Measured (docs/detection.md): bicubic is best for enlarging, bilinear for reducing.
    return np.asarray(resize(image, width, height, is_bicubic=factor > 1))


def _rolled_up(rows: NDArray[np.float64], width_px: int) -> NDArray[np.float64]:
    """Move rows beyond the right edge of a panorama to its left edge; rows across the edge become two."""
    beyond = rows[rows[:, 0] >= width_px] - [width_px, 0, width_px, 0, 0]
    across = rows[(rows[:, 0] < width_px) & (rows[:, 2] > width_px + 1)]
    rest = across - [width_px, 0, width_px, 0, 0]
    kept = rows[rows[:, 0] < width_px]
    return np.concatenate([kept, beyond, rest])


def _as_shown(
    region: Sequence[int], width: int, height: int, quarter_turns: int, is_mirrored: bool
) -> tuple[int, int, int, int]:
    """Turn and mirror a region like a picture of this size."""
    x1, y1, x2, y2 = region
    for _ in range(quarter_turns % 4):
        x1, y1, x2, y2 = y1, width - x2, y2, width - x1
        width, height = height, width
    return (width - x2, y1, width - x1, y2) if is_mirrored else (x1, y1, x2, y2)


def _spans(first: int, last: int, most: int) -> list[tuple[int, int]]:
    """Equal, overlapping spans of at most ``most`` that cover ``first`` to ``last``."""
    length = last - first
    if length <= most:
        return [(first, last)]
    overlap = round(most * _OVERLAP)
    count = math.ceil((length - overlap) / (most - overlap))
    size = math.ceil((length + (count - 1) * overlap) / count)
    starts = [first + round(number * (length - size) / (count - 1)) for number in range(count)]
    return [(start, start + size) for start in starts]


def _up_to(value: int, multiple: int) -> int:
    return max(1, -(-value // multiple)) * multiple

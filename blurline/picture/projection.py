"""How a picture projects what surrounds the camera: flat, as a sphere, or in a way that Blurline does not understand.

A sphere is an equirectangular picture: columns are longitudes, rows are latitudes. It is one by its GPano properties
(Google's Photo Sphere XMP metadata), or untagged if it is twice as wide as high.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

_FLAT_TYPES = frozenset({"cylindrical", "perspective", "rectilinear"})
_ASPECT_TOLERANCE = 0.01
_LEAST_SPHERE_PX = 500  # an untagged picture that is less wide is a banner or a thumbnail
_FLAT_ROW_LEVELS = 16.0  # the top and bottom rows of a sphere each show one point
_WRAP_LEVELS = 12.0
_DARK_LEVELS = 24
_GRID = 64  # samples across each half of a picture
_EMPTY_LEVELS = 8
_BREAK_LEVELS = 12.0
_STRIPS = ((6, 1), (1, 6))


class Layout(StrEnum):
    """What the pixels of a picture are, as far as it matters for finding faces."""

    FLAT = "a flat picture"
    SPHERE = "a sphere"
    CUBE_MAP = "a cube map"
    DUAL_FISHEYE = "a dual fisheye picture"
    UNKNOWN = "an unknown projection"

    @property
    def is_understood(self) -> bool:
        """Whether faces are looked for in a suitable projection."""
        return self in (Layout.FLAT, Layout.SPHERE)


@dataclass(frozen=True, slots=True)
class Sphere:
    """Where a picture lies in an equirectangular sphere of 360 x 180 degrees, in pixels of the upright picture.

    ``left_px`` and ``top_px``: the picture's corner in the full sphere. ``is_certain``: metadata or the pixels show
    that it is a sphere, not only its shape.
    """

    full_width_px: float
    full_height_px: float
    left_px: float = 0.0
    top_px: float = 0.0
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Projection:
    """The layout of a picture; with ``sphere`` if it is one."""

    layout: Layout = Layout.FLAT
    sphere: Sphere | None = None


def projection_of(panorama: Mapping[str, str], pixels: NDArray[np.uint8]) -> Projection:
    """Return the projection of an upright picture, (H, W, 3) RGB, with these GPano properties by name.

    Properties that are missing or contradict each other are replaced by what the picture's shape suggests.
    """
    height, width = pixels.shape[:2]
    kind = panorama.get("ProjectionType", "").strip().lower()
    if kind == "equirectangular":
        return Projection(Layout.SPHERE, _cropped(panorama, width, height) or _by_shape(width, height))
    if kind and kind not in _FLAT_TYPES:
        is_cube = kind.replace("-", "").replace("_", "") in ("cubemap", "cube", "cubic")
        return Projection(Layout.CUBE_MAP if is_cube else Layout.DUAL_FISHEYE if "fisheye" in kind else Layout.UNKNOWN)
    if kind:
        return Projection()
    if abs(width / height / 2 - 1) <= _ASPECT_TOLERANCE and width >= _LEAST_SPHERE_PX:
        if _is_dual_fisheye(pixels):
            return Projection(Layout.DUAL_FISHEYE)
        return Projection(Layout.SPHERE, Sphere(width, height, is_certain=_closes(pixels)))
    if _is_cross(pixels) or any(_is_strip(pixels, *cells) for cells in _STRIPS):
        return Projection(Layout.CUBE_MAP)
    return Projection()


def _cropped(panorama: Mapping[str, str], width: int, height: int) -> Sphere | None:
    """The sphere that GPano's cropped area describes; None if its numbers are missing or impossible.

    The picture may have been scaled after the properties were written.
    """
    names = (
        "FullPanoWidthPixels",
        "FullPanoHeightPixels",
        "CroppedAreaImageWidthPixels",
        "CroppedAreaImageHeightPixels",
    )
    try:
        full_width, full_height, area_width, area_height = (float(panorama[name]) for name in names)
        left, top = (float(panorama.get(f"CroppedArea{side}Pixels", 0)) for side in ("Left", "Top"))
    except (KeyError, ValueError):
        return None
    is_inside = 0 <= left <= left + area_width <= full_width and 0 <= top <= top + area_height <= full_height
    if not (is_inside and min(area_width, area_height) >= 1 and full_width < 1e6 and full_height < 1e6):
        return None
    scale_x, scale_y = width / area_width, height / area_height
    is_same_shape = abs(scale_x / scale_y - 1) < 0.05 and abs(full_width / full_height / 2 - 1) < 0.05
    return Sphere(full_width * scale_x, full_height * scale_y, left * scale_x, top * scale_y) if is_same_shape else None


def _by_shape(width: int, height: int) -> Sphere:
    """A sphere around a picture without usable numbers: as wide as 360 or as high as 180 degrees, in the middle."""
    full_width = max(width, 2 * height)
    return Sphere(full_width, full_width / 2, (full_width - width) / 2, (full_width / 2 - height) / 2)


def _closes(pixels: NDArray[np.uint8]) -> bool:
    """Whether the edges meet as those of a sphere do: left and right continue each other, and the first and the last
    row each show one point."""
    poles = np.stack([pixels[0], pixels[-1]]).astype(np.float32)
    if poles.std(axis=1).max() > _FLAT_ROW_LEVELS:
        return False
    first, last, inner = (pixels[:, column].astype(np.float32) for column in (0, -1, 1))
    typical = np.abs(first - inner).mean()
    return bool(np.abs(first - last).mean() <= max(_WRAP_LEVELS, 2 * typical))


def _is_dual_fisheye(pixels: NDArray[np.uint8]) -> bool:
    """Whether each half is a bright disc in a dark square, as 360 degree cameras store unstitched pictures."""
    height, width = pixels.shape[:2]
    rows = np.linspace(0, height - 1, _GRID).astype(int)
    at = (np.arange(_GRID) + 0.5) / _GRID * 2 - 1
    radius = np.hypot(at[:, None], at[None, :])
    for start in (0, width // 2):
        columns = start + np.linspace(0, width // 2 - 1, _GRID).astype(int)
        bright = pixels[np.ix_(rows, columns)].max(axis=2) > _DARK_LEVELS
        reaches_edge = bright[np.ix_(abs(at) > 0.75, abs(at) < 0.3)].mean() > 0.3
        if not reaches_edge or bright[radius < 0.9].mean() < 0.7 or bright[radius > 1.1].mean() > 0.05:
            return False
    return True


def _is_cross(pixels: NDArray[np.uint8]) -> bool:
    """Whether the picture is a cube unfolded to 4 x 3 cells, of which six are empty; or the same turned."""
    height, width = pixels.shape[:2]
    if width < height:
        return _is_cross(np.rot90(pixels)) if width * 4 == height * 3 else False
    if width * 3 != height * 4 or height < 3 * _GRID:
        return False
    cell = height // 3

    def is_empty(row: int, column: int) -> bool:
        inner = (np.s_[at * cell + 4 : (at + 1) * cell - 4 : 8] for at in (row, column))
        return bool(np.ptp(pixels[tuple(inner)]) <= _EMPTY_LEVELS)

    return not any(is_empty(1, column) for column in range(4)) and any(
        all(is_empty(row, column) for row in (0, 2) for column in range(4) if column != stem) for stem in (1, 2)
    )


def _is_strip(pixels: NDArray[np.uint8], columns: int, rows: int) -> bool:
    """Whether the picture is exactly six squares in a row or column, with a break of the content between any two."""
    height, width = pixels.shape[:2]
    if width * rows != height * columns:
        return False
    along = pixels if rows == 1 else pixels.transpose(1, 0, 2)
    cell = along.shape[1] // max(columns, rows)
    if cell < _GRID:
        return False
    for border in range(cell, along.shape[1], cell):
        near = along[:, border - 4 : border + 4].astype(np.float32)
        steps = np.abs(np.diff(near, axis=1)).mean(axis=(0, 2))
        if steps[3] < _BREAK_LEVELS or steps[3] < 1.5 * np.delete(steps, 3).max():
            return False
    return True

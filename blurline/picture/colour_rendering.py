"""Shows numbers of any meaning as sRGB, and maps the tones of HDR pictures to those of a display without HDR.

Tone mapping: PQ and HLG (ITU-R BT.2100; a display of 1000 cd/m2 for HLG) are decoded to cd/m2. The largest channel
goes through the curve of ITU-R BT.2390-11 (5.4.1) from 0..1000 to 0..203 cd/m2, the white of ITU-R BT.2408, and the
others keep their ratio to it. Brighter light is clipped.
"""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFilter

from blurline.picture.colour import DISPLAY_P3_PRIMARIES, HLG, SRGB_TRANSFER, Cicp, Colour
from blurline.picture.colour_profile import space_of
from blurline.picture.matrix_profile import (
    BT709,
    DISPLAY_P3,
    Chromaticities,
    adapted_to_d50,
    decoded,
    encoded_as_srgb,
    rgb_from_grey,
    to_xyz,
)

TONE_MAPPED = Colour(cicp=Cicp(DISPLAY_P3_PRIMARIES, SRGB_TRANSFER))
"""What the numbers of a tone-mapped frame mean."""

_PEAK, _WHITE = 1000.0, 203.0
_PQ_MOST = 10_000.0
_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
_HLG_A, _HLG_B, _HLG_C, _HLG_GAMMA = 0.17883277, 0.28466892, 0.55991073, 1.2
_NODES = 65  # of each side of the table; 4 levels apart
_FOREIGN_LEVELS = 20.0  # mean difference from sRGB from which a face in the numbers may look unlike one
_COARSE_NODES = 9


def as_srgb(pixels: NDArray[np.uint8], colour: Colour) -> NDArray[np.uint8]:
    """(H, W, 3) numbers of a meaning -> the same as sRGB, tone-mapped if they are HDR. Within about two levels."""
    if colour.icc is not None:
        return _by_profile(pixels, colour.icc)  # whose curves may have any shape
    return _through(pixels, _srgb_table(colour))


def tone_mapped(pixels: NDArray[np.uint8], colour: Colour) -> NDArray[np.uint8]:
    """(H, W, 3) numbers of PQ or HLG -> numbers of Display P3, as `TONE_MAPPED` says."""
    return _through(pixels, _tone_table(colour))


@lru_cache(maxsize=64)
def looks_foreign(colour: Colour) -> bool:
    """Whether the numbers, taken for sRGB, differ so much from what they mean that a detector may miss faces."""
    if colour.is_srgb:
        return False
    grid = _grid(_COARSE_NODES)
    return float(np.abs(_rendered(grid, colour) - grid).mean()) * 255 > _FOREIGN_LEVELS


@lru_cache(maxsize=8)
def _srgb_table(colour: Colour) -> ImageFilter.Color3DLUT:
    return _table(_rendered(_grid(_NODES), colour))


@lru_cache(maxsize=8)
def _tone_table(colour: Colour) -> ImageFilter.Color3DLUT:
    return _table(encoded_as_srgb(_mapped(_grid(_NODES), colour, DISPLAY_P3)))


def _through(pixels: NDArray[np.uint8], table: ImageFilter.Color3DLUT) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels).filter(table))


def _grid(nodes: int) -> NDArray[np.float64]:
    """(n, 3) colours from 0 to 1; red changes first, as in Pillow's tables."""
    steps = np.linspace(0, 1, nodes)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    return np.stack([red.ravel(), green.ravel(), blue.ravel()], axis=1)


def _table(colours: NDArray[np.float64]) -> ImageFilter.Color3DLUT:
    return ImageFilter.Color3DLUT(_NODES, colours.astype(np.float32).ravel(), _copy_table=False)


def _rendered(values: NDArray[np.float64], colour: Colour) -> NDArray[np.float64]:
    """(n, 3) numbers from 0 to 1 -> the same as sRGB, the white of the source shown as white."""
    if colour.icc is not None:
        return np.asarray(_by_profile(np.rint(values * 255).astype(np.uint8)[None], colour.icc)[0] / 255.0)
    if colour.is_hdr:
        return encoded_as_srgb(_mapped(values, colour, BT709))
    linear = decoded(_at_full_range(values, colour), colour.curve)
    matrix = np.linalg.inv(adapted_to_d50(BT709)) @ adapted_to_d50(colour.chromaticities)
    return encoded_as_srgb(linear @ matrix.T)


def _at_full_range(values: NDArray[np.float64], colour: Colour) -> NDArray[np.float64]:
    return values if colour.is_full_range else ((values * 255 - 16) / 219).clip(0, 1)


def _by_profile(pixels: NDArray[np.uint8], profile: bytes) -> NDArray[np.uint8]:
    """By LittleCMS; the numbers themselves where it refuses the profile, as readers then take them for sRGB."""
    rgb = rgb_from_grey(profile) if space_of(profile) == b"GRAY" else profile
    image = Image.fromarray(pixels)
    try:
        source, srgb = ImageCms.ImageCmsProfile(io.BytesIO(rgb or b"")), ImageCms.createProfile("sRGB")
        shown = ImageCms.profileToProfile(image, source, srgb, ImageCms.Intent.RELATIVE_COLORIMETRIC)
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return pixels
    return np.asarray(shown)


def _mapped(values: NDArray[np.float64], colour: Colour, wanted: Chromaticities) -> NDArray[np.float64]:
    """Numbers of PQ or HLG -> linear light of the ``wanted`` primaries, 1 being white."""
    assert colour.cicp is not None
    values = _at_full_range(values, colour)
    light = _hlg(values, colour) if colour.cicp.transfer == HLG else _from_pq(values)
    largest = light.max(axis=1, keepdims=True)
    scale = _compressed(largest) / np.maximum(largest, 1e-6) / _WHITE
    return np.asarray(light * scale @ (np.linalg.inv(to_xyz(wanted)) @ to_xyz(colour.chromaticities)).T)


def _from_pq(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """cd/m2 (SMPTE ST 2084)."""
    root = values ** (1 / _M2)
    return np.asarray(_PQ_MOST * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1))


def _to_pq(light: NDArray[np.float64]) -> NDArray[np.float64]:
    power = (light / _PQ_MOST) ** _M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2)


def _hlg(values: NDArray[np.float64], colour: Colour) -> NDArray[np.float64]:
    """cd/m2 on a display of 1000 cd/m2."""
    bright = (np.exp((values - _HLG_C) / _HLG_A) + _HLG_B) / 12
    scene = np.where(values <= 0.5, values**2 / 3, bright)
    luminance = scene @ to_xyz(colour.chromaticities)[1]
    return np.asarray(_PEAK * scene * np.maximum(luminance, 1e-9)[:, None] ** (_HLG_GAMMA - 1))


def _compressed(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """The electrical-electrical transfer function of BT.2390, black being 0."""
    peak, white = (float(_to_pq(np.array(level))) for level in (_PEAK, _WHITE))
    most = white / peak
    knee = 1.5 * most - 0.5
    given = (_to_pq(light) / peak).clip(0, 1)
    t = (given - knee) / (1 - knee)
    curved = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * most
    return _from_pq(np.where(given < knee, given, curved) * peak)

"""Finds out what a file says about the meaning of its numbers, and which of several statements counts.

| file | in this order |
|---|---|
| PNG (third edition, 4.3) | `cICP`, `iCCP`, `sRGB`, `gAMA` with `cHRM` |
| AVIF | ICC profile, `nclx`, code points of the AV1 stream, EXIF |
| HEIC | ICC profile, `nclx`, EXIF |
| TIFF | ICC profile, WhitePoint with PrimaryChromaticities and TransferFunction, EXIF |
| JPEG, WebP | ICC profile, EXIF |
| BMP | ICC profile, primaries with gamma (versions 5 and 4 of the header) |

A profile that is damaged, or of another colour space than the picture, counts as missing. `gAMA` alone has the
primaries of sRGB; `cHRM` alone says nothing. A TIFF without TransferFunction has a gamma of 2.2 (TIFF 6.0, section 20).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image
from PIL.ExifTags import IFD, Base

from blurline.picture.colour import ADOBE_RGB, SRGB_TRANSFER, UNTAGGED, VIDEO_TRANSFERS, Calibration, Colour, tagged
from blurline.picture.colour_profile import clean_profile, space_of
from blurline.picture.formats import av1, bmp, heif, png
from blurline.picture.matrix_profile import BT709, BT1886_CURVE, Chromaticities, grey_profile, rgb_profile

_ICC_TAG = 34675
_SRGB = 1
_DCF_OPTION = "R03"
_MOST_GAMMA, _TIFF_GAMMA = 10.0, 2.2
_TRANSFER_FUNCTION, _WHITE_POINT, _PRIMARIES = 301, 318, 319
_SPACES = {"CMYK": b"CMYK", "LAB": b"Lab "}
_GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L"})


def read_profile(image: Image.Image) -> bytes | None:
    """The cleaned profile of the present page, if it is one for the colour space of the compressed data."""
    profile = stored_profile(image)
    cleaned = clean_profile(profile) if profile else None
    if cleaned is None:
        return None
    is_grey = image.mode in _GREY_MODES and image.format != "BMP"  # whose grey is a palette of RGB
    space = _SPACES.get(image.mode, b"GRAY" if is_grey else b"RGB ")
    is_grey_maybe = image.format in ("AVIF", "HEIF") and space_of(cleaned) == b"GRAY"  # decoders make RGB of grey
    return cleaned if space_of(cleaned) == space or is_grey_maybe else None


def stored_profile(image: Image.Image) -> bytes | None:
    """The profile of the present page as it is in the file."""
    tags: Any = getattr(image, "tag_v2", None)
    profile = tags.get(_ICC_TAG) if tags is not None else image.info.get("icc_profile")
    return profile if isinstance(profile, bytes) else None


def read_colour(image: Image.Image, data: bytes) -> Colour:
    """The meaning of the decoded numbers of the present page or frame."""
    if image.mode in _SPACES:
        return UNTAGGED  # decoding makes sRGB of them
    profile = read_profile(image)
    if image.format == "PNG":
        return _of_png(dict(png.colour_chunks(data)), profile, is_grey=image.mode in _GREY_MODES)
    if profile is not None:
        return Colour(icc=profile)
    coded = heif.code_points(data) if image.format in ("AVIF", "HEIF") else None
    if coded is None and image.format == "AVIF":
        coded = av1.code_points(data)
    if coded is not None:
        return tagged(*coded)  # decoding makes RGB of full range of them
    if image.format == "BMP":
        calibrated = bmp.calibration(data)
        return Colour(calibration=Calibration(*calibrated)) if calibrated is not None else UNTAGGED
    if (tags := getattr(image, "tag_v2", None)) is not None and tags.keys() & {_WHITE_POINT, _PRIMARIES}:
        return _of_tiff(tags)
    return _of_exif(image) if image.format != "GIF" else UNTAGGED


def _of_png(chunks: dict[bytes, bytes], profile: bytes | None, *, is_grey: bool) -> Colour:
    if (code := chunks.get(b"cICP")) is not None and code[2] == 0:
        meant = tagged(code[0], code[1], is_full_range=code[3] != 0)
        if code[1] not in VIDEO_TRANSFERS or not meant.is_full_range:
            return meant
        if is_grey:
            return Colour(icc=grey_profile("Grey of BT.1886", BT1886_CURVE))
        return Colour(icc=rgb_profile("Curve of BT.1886", meant.chromaticities, BT1886_CURVE))
    if profile is not None:
        return Colour(icc=profile)
    if b"sRGB" in chunks:
        return tagged(1, SRGB_TRANSFER)
    if (gamma := chunks.get(b"gAMA")) is None:
        return UNTAGGED
    (stored,) = struct.unpack(">I", gamma)
    if not 1 / _MOST_GAMMA <= stored / 100_000 <= _MOST_GAMMA:
        return UNTAGGED
    return Colour(calibration=Calibration(_chromaticities(chunks.get(b"cHRM")), 100_000 / stored))


def _chromaticities(body: bytes | None) -> Chromaticities:
    """Of `cHRM`; those of sRGB where it is missing or has no triangle of primaries."""
    if body is None:
        return BT709
    return _valid(*(value / 100_000 for value in struct.unpack(">8I", body))) or BT709


def _valid(
    wx: float, wy: float, rx: float, ry: float, gx: float, gy: float, bx: float, by: float
) -> Chromaticities | None:
    """The chromaticities; None where they are no triangle of colours."""
    area = abs((gx - rx) * (by - ry) - (bx - rx) * (gy - ry))
    if min(wy, ry, gy, by) <= 0 or max(wx + wy, rx + ry, gx + gy, bx + by) > 1 or area < 1e-3:
        return None
    return wx, wy, rx, ry, gx, gy, bx, by


def _of_tiff(tags: Mapping[int, Any]) -> Colour:
    """TIFF 6.0, section 20."""
    white, primaries = tags.get(_WHITE_POINT, BT709[:2]), tags.get(_PRIMARIES, BT709[2:])
    try:
        found = _valid(*(float(value) for value in (*white, *primaries)))
        gamma = _fitted_gamma(tags.get(_TRANSFER_FUNCTION))
    except (TypeError, ValueError):
        return UNTAGGED
    return Colour(calibration=Calibration(found, gamma)) if found is not None and gamma is not None else UNTAGGED


def _fitted_gamma(table: Any) -> float | None:
    """The exponent nearest to a table of 16-bit values, or to the first of three; None if it is out of range."""
    if table is None:
        return _TIFF_GAMMA
    values = np.asarray(table, np.float64)
    values = values[: len(values) // 3] if len(values) & (len(values) - 1) else values  # tables have 2^n values
    steps = np.linspace(0, 1, len(values))
    middle = (steps > 0.2) & (steps < 0.95) & (values > 0)
    gamma = float(np.median(np.log(values[middle] / 65535) / np.log(steps[middle]))) if middle.any() else 0.0
    return gamma if 1 / _MOST_GAMMA <= gamma <= _MOST_GAMMA else None


def _of_exif(image: Image.Image) -> Colour:
    """Adobe RGB, which cameras name by the interoperability index of DCF 2.0."""
    try:
        block = image.getexif()
        space = block.get_ifd(IFD.Exif).get(Base.ColorSpace)
        index = block.get_ifd(IFD.Interop).get(1) if space != _SRGB else None
    except Exception:  # Pillow's parser raises many types for untrusted EXIF
        return UNTAGGED
    is_option = isinstance(index, str) and index.rstrip("\0 ") == _DCF_OPTION
    return Colour(calibration=ADOBE_RGB) if is_option else UNTAGGED

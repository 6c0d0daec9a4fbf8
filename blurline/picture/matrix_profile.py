"""Builds ICC profiles (ICC.1:2022, version 4) from primaries and a curve, or from the curve of another profile."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from blurline.picture.colour_profile import assembled, tags_of

Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y (CIE 1931) of white, red, green and blue, in the order of PNG's `cHRM`."""

Curve = tuple[float, ...]
"""Parameters of the decoding curve: g of v^g; or g, a, b, c, d of (a v + b)^g from d up and c v below."""

BT709: Chromaticities = (0.3127, 0.3290, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060)
DISPLAY_P3: Chromaticities = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
BT1886_CURVE: Curve = (2.4,)
SRGB_CURVE: Curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)

_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_MADE = datetime(2026, 1, 1, tzinfo=UTC)
_CURVES = (b"rTRC", b"gTRC", b"bTRC")


def to_xyz(chromaticities: Chromaticities) -> NDArray[np.float64]:
    """The (3, 3) matrix from linear RGB to CIE XYZ with the white's own luminance 1 (SMPTE RP 177)."""
    white, *primaries = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in _pairs(chromaticities))
    columns = np.stack(primaries, axis=1)
    return np.asarray(columns * np.linalg.solve(columns, white))


def adapted_to_d50(chromaticities: Chromaticities) -> NDArray[np.float64]:
    """The (3, 3) matrix from linear RGB to the profile connection space, and so adapted by Bradford's transform."""
    return np.asarray(_adaptation(chromaticities) @ to_xyz(chromaticities))


def decoded(values: NDArray[np.float64], curve: Curve) -> NDArray[np.float64]:
    """Linear values from coded ones, both from 0 to 1."""
    if len(curve) == 1:
        return np.asarray(values ** curve[0])
    g, a, b, c, d = curve
    return np.where(values >= d, np.maximum(a * values + b, 0) ** g, c * values)


def encoded_as_srgb(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values coded by the curve of sRGB (IEC 61966-2-1) from linear ones; those outside 0 to 1 are clipped."""
    inside = linear.clip(0, 1)
    return np.where(inside <= 0.0031308, inside * 12.92, 1.055 * inside ** (1 / 2.4) - 0.055)


def rgb_profile(name: str, chromaticities: Chromaticities, curve: Curve, cicp: tuple[int, int] | None = None) -> bytes:
    """A profile of RGB; ``cicp``: primaries and transfer (ITU-T H.273) where they are numbered."""
    matrix = adapted_to_d50(chromaticities)
    tags = {b"desc": _name(name), b"wtpt": _xyz(_D50)}
    tags |= {b"chad": b"sf32" + bytes(4) + _fixed(_adaptation(chromaticities).ravel())}
    tags |= {tag: _xyz(matrix[:, at]) for at, tag in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    tags |= dict.fromkeys(_CURVES, _parametric(curve))
    if cicp is not None:
        tags[b"cicp"] = b"cicp" + bytes(4) + bytes([*cicp, 0, 1])
    return assembled(_header(b"RGB "), list(tags.items()))


def grey_profile(name: str, curve: Curve) -> bytes:
    """A profile of grey."""
    tags = {b"desc": _name(name), b"wtpt": _xyz(_D50), b"kTRC": _parametric(curve)}
    return assembled(_header(b"GRAY"), list(tags.items()))


def rgb_from_grey(profile: bytes) -> bytes | None:
    """A profile of RGB in which equal channels mean what they do in a cleaned profile of grey; None without a curve."""
    curve = _tags(profile).get(b"kTRC")
    if curve is None:
        return None
    tags = dict(tags_of(rgb_profile("Grey", BT709, SRGB_CURVE)) or ()) | dict.fromkeys(_CURVES, curve)
    return assembled(_header(b"RGB "), list(tags.items()))


def _tags(profile: bytes) -> Mapping[bytes, bytes]:
    return dict(tags_of(profile) or ())


def _pairs(chromaticities: Chromaticities) -> list[tuple[float, float]]:
    return list(zip(chromaticities[::2], chromaticities[1::2], strict=True))


def _adaptation(chromaticities: Chromaticities) -> NDArray[np.float64]:
    x, y = chromaticities[:2]
    white = np.array([x / y, 1.0, (1 - x - y) / y])
    gains = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(gains) @ _BRADFORD)


def _header(space: bytes) -> bytes:
    header = bytearray(128)
    header[8:12] = b"\4\x30\0\0"
    header[12:24] = b"mntr" + space + b"XYZ "
    made = (_MADE.year, _MADE.month, _MADE.day, 0, 0, 0)
    header[24:36] = struct.pack(">6H", *made)
    header[36:40] = b"acsp"
    header[64:68] = struct.pack(">I", 1)  # media-relative colorimetric
    header[68:80] = _fixed(_D50)
    return bytes(header)


def _fixed(values: Sequence[float] | NDArray[np.float64]) -> bytes:
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)


def _xyz(values: Sequence[float] | NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(values)


def _parametric(curve: Curve) -> bytes:
    return b"para" + bytes(4) + struct.pack(">HH", 0 if len(curve) == 1 else 3, 0) + _fixed(curve)


def _name(text: str) -> bytes:
    body = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(body), 28) + body

"""The colours of a BMP: headers of versions 4 and 5 (BITMAPV4HEADER, BITMAPV5HEADER), which Pillow passes over.

A header of version 4 may have the CIE XYZ values of the primaries, in fixed point with 30 bits of fraction, and an
exponent for each channel, in fixed point with 16; one of version 5 may have an ICC profile behind the pixels.
"""

from __future__ import annotations

import struct

from blurline.picture.matrix_profile import Chromaticities, to_xyz

_FILE_HEADER = 14
_PLAIN_BYTES, _V4_BYTES, _V5_BYTES = 40, 108, 124
_SPACE_AT = 56
_CALIBRATED, _EMBEDDED = b"\0\0\0\0", b"DEBM"
_RELATIVE_COLORIMETRIC = 1
_LEAST_GAMMA, _MOST_GAMMA = 0.1, 10.0


def profile(data: bytes) -> bytes | None:
    """The embedded ICC profile."""
    header = _header(data)
    if len(header) < _V5_BYTES or header[_SPACE_AT : _SPACE_AT + 4] != _EMBEDDED:
        return None
    offset, size = struct.unpack_from("<II", header, 112)
    found = data[_FILE_HEADER + offset : _FILE_HEADER + offset + size]
    return found if len(found) == size > 0 else None


def calibration(data: bytes) -> tuple[Chromaticities, float] | None:
    """Chromaticities and the exponent that decodes the numbers; None without them, or if they are out of range."""
    header = _header(data)
    if len(header) < _V4_BYTES or header[_SPACE_AT : _SPACE_AT + 4] != _CALIBRATED:
        return None
    values = [value / (1 << 30) for value in struct.unpack_from("<9i", header, 60)]
    gammas = [value / (1 << 16) for value in struct.unpack_from("<3I", header, 96)]
    red, green, blue = values[:3], values[3:6], values[6:]
    white = [sum(each) for each in zip(red, green, blue, strict=True)]
    if min(sum(red), sum(green), sum(blue)) <= 0 or not _LEAST_GAMMA <= min(gammas) <= max(gammas) <= _MOST_GAMMA:
        return None
    (wx, wy), (rx, ry), (gx, gy), (bx, by) = (
        (x / (x + y + z), y / (x + y + z)) for x, y, z in (white, red, green, blue)
    )
    area = abs((gx - rx) * (by - ry) - (bx - rx) * (gy - ry))
    if min(wy, ry, gy, by) <= 0 or area < 1e-3:
        return None
    return (wx, wy, rx, ry, gx, gy, bx, by), sum(gammas) / 3


def with_profile(data: bytes, icc: bytes) -> bytes:
    """A file of Pillow's with an embedded profile."""
    pixels = len(data) - _FILE_HEADER - _PLAIN_BYTES
    rest = struct.pack("<4I", _RELATIVE_COLORIMETRIC, _V5_BYTES + pixels, len(icc), 0)
    return _with_header(data, _EMBEDDED + bytes(48) + rest) + icc


def with_calibration(data: bytes, chromaticities: Chromaticities, gamma: float) -> bytes:
    """A file of Pillow's with primaries and a gamma."""
    primaries = [round(value * (1 << 30)) for value in to_xyz(chromaticities).T.ravel()]
    return _with_header(data, _CALIBRATED + struct.pack("<9i3I", *primaries, *[round(gamma * (1 << 16))] * 3))


def _header(data: bytes) -> bytes:
    """The header behind that of the file, whose first field is its own size."""
    size = int.from_bytes(data[_FILE_HEADER : _FILE_HEADER + 4], "little")
    return data[_FILE_HEADER : _FILE_HEADER + size] if size in (_V4_BYTES, _V5_BYTES) else b""


def _with_header(data: bytes, colour: bytes) -> bytes:
    """The file with a longer header: no masks of channels, then ``colour``."""
    size = _SPACE_AT + len(colour)
    plain, pixels = data[_FILE_HEADER : _FILE_HEADER + _PLAIN_BYTES], data[_FILE_HEADER + _PLAIN_BYTES :]
    (start,) = struct.unpack_from("<I", data, 10)
    grown = size - _PLAIN_BYTES
    further = int.from_bytes(colour[-8:-4], "little") if size == _V5_BYTES else 0
    head = b"BM" + struct.pack("<IHHI", len(data) + grown + further, 0, 0, start + grown)
    return head + struct.pack("<I", size) + plain[4:] + bytes(_SPACE_AT - _PLAIN_BYTES) + colour + pixels

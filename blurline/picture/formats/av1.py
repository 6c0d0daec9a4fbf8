"""The colours that an AV1 stream states itself (AV1 specification, 5.5), for an AVIF without `colr` of code points.

An AVIF stores its picture as a sequence of units (OBU), of which the sequence header comes first.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from blurline.picture.formats.heif import boxes
from blurline.picture.formats.heif_items import primary_coded_item

_SEQUENCE_HEADER = 1
_MOST_HEADER_BYTES = 256
_HAS_EXTENSION, _HAS_SIZE = 4, 2
_IN_FILE = 0


def code_points(data: bytes) -> tuple[int, int] | None:
    """The colour primaries and transfer characteristics (ITU-T H.273) in the stream of the main picture of an AVIF;
    None without them."""
    try:
        meta = dict(boxes(dict(boxes(data))[b"meta"][4:]))
        item = primary_coded_item(meta)
        at = _places(meta[b"iloc"])[item]
        header = _sequence_header(data[at : at + _MOST_HEADER_BYTES])
        return _code_points(_Bits(header)) if header is not None else None
    except (KeyError, ValueError, struct.error, IndexError):
        return None


@dataclass(slots=True)
class _Bits:
    """Reads numbers of any number of bits."""

    data: bytes
    at: int = 0

    def read(self, count: int) -> int:
        """The next bits as a number. Raises ValueError after the end."""
        if self.at + count > 8 * len(self.data):
            raise ValueError("a sequence header without an end")
        whole = int.from_bytes(self.data, "big") >> (8 * len(self.data) - self.at - count)
        self.at += count
        return whole & ((1 << count) - 1)

    def skip_variable(self) -> None:
        """Pass over a number of variable length (uvlc)."""
        zeros = 0
        while not self.read(1):
            zeros += 1
        self.read(zeros if zeros < 32 else 0)


def _sequence_header(units: bytes) -> bytes | None:
    at = 0
    while at < len(units):
        first = units[at]
        at += 2 if first & _HAS_EXTENSION else 1
        size, shift = 0, 0
        while first & _HAS_SIZE:
            size |= (units[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if not units[at - 1] & 0x80:
                break
        size = size if first & _HAS_SIZE else len(units) - at
        if (first >> 3) & 15 == _SEQUENCE_HEADER:
            return units[at : at + size]
        at += size
    return None


def _code_points(bits: _Bits) -> tuple[int, int] | None:
    profile, _, is_reduced = bits.read(3), bits.read(1), bits.read(1)
    if is_reduced:
        bits.read(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    bits.read(width_bits + height_bits)
    if not is_reduced and bits.read(1):
        bits.read(7)
    bits.read(3)
    if not is_reduced:
        _skip_tools(bits)
    bits.read(3)
    is_deep = bits.read(1)
    if profile == 2 and is_deep:
        bits.read(1)
    if profile != 1:
        bits.read(1)
    return (bits.read(8), bits.read(8)) if bits.read(1) else None


def _skip_operating_points(bits: _Bits) -> None:
    delay_bits = 0
    if bits.read(1):  # timing
        bits.read(64)
        if bits.read(1):
            bits.skip_variable()
        if bits.read(1):  # decoder model
            delay_bits = bits.read(5) + 1
            bits.read(42)
    has_display_delay = bits.read(1)
    for _ in range(bits.read(5) + 1):
        bits.read(12)
        if bits.read(5) > 7:
            bits.read(1)
        if delay_bits and bits.read(1):
            bits.read(2 * delay_bits + 1)
        if has_display_delay and bits.read(1):
            bits.read(4)


def _skip_tools(bits: _Bits) -> None:
    bits.read(4)
    has_order = bits.read(1)
    if has_order:
        bits.read(2)
    may_show_screens = bits.read(1) or bits.read(1)
    if may_show_screens and not bits.read(1):
        bits.read(1)
    if has_order:
        bits.read(3)


def _places(body: bytes) -> dict[int, int]:
    """Where the first extent of each item starts that lies in the file (`iloc`, ISO/IEC 14496-12, 8.11.3)."""
    version = body[0]
    offset_bytes, length_bytes = body[4] >> 4, body[4] & 15
    base_bytes, index_bytes = body[5] >> 4, body[5] & 15 if version else 0
    wide = 4 if version == 2 else 2
    count, at = int.from_bytes(body[6 : 6 + wide], "big"), 6 + wide
    found = {}
    for _ in range(count):
        item, at = int.from_bytes(body[at : at + wide], "big"), at + wide
        method = body[at + 1] & 15 if version else _IN_FILE
        at += 4 if version else 2
        base, at = int.from_bytes(body[at : at + base_bytes], "big"), at + base_bytes
        (extents,) = struct.unpack_from(">H", body, at)
        first = at + 2 + index_bytes
        if method == _IN_FILE and extents:
            found[item] = base + int.from_bytes(body[first : first + offset_bytes], "big")
        at += 2 + extents * (index_bytes + offset_bytes + length_bytes)
    return found

"""JPEG files with further pictures behind the main one: CIPA DC-007 (MPF) lists where they start.

Lengths and offsets of a file are never trusted: a picture reaches from its start to its own end marker.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from blurline.picture.formats.jpeg import Segment, segments

ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1\0"
"""The start of a segment with gain map metadata (ISO 21496-1)."""

_APP1, _APP2 = 0xE1, 0xE2
_START, _END = b"\xff\xd8", b"\xff\xd9"
_MPF = b"MPF\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_HEADER = b"MM\0*\0\0\0\x08"
_VERSION, _COUNT, _ENTRIES = 0xB000, 0xB001, 0xB002
_UNDEFINED, _LONG = 7, 4
_PRIMARY = 0x030000
_ENTRY = struct.Struct(">IIIHH")
_MOST_PICTURES = 16
_ISO_VERSION = bytes(4)


def further_pictures(data: bytes) -> list[bytes]:
    """Each further JPEG file in a JPEG file, from its start to its end; a damaged one reaches to the end of the data.

    Found by the index, and directly behind the main picture and each other.
    """
    try:
        found, trailing = segments(data)
    except (ValueError, struct.error, IndexError):
        return []
    end = len(data) - len(trailing)
    starts = {at for at in _listed(data, found) if at >= end and data[at : at + 2] == _START}
    pictures: dict[int, bytes] = {}
    queue = [*sorted(starts), end + len(trailing) - len(trailing.lstrip(b"\0"))]
    while queue and len(pictures) < _MOST_PICTURES:
        at = queue.pop(0)
        if at in pictures or data[at : at + 2] != _START:
            continue
        pictures[at] = _picture(data, at)
        queue.append(at + len(pictures[at]))
    return [pictures[at] for at in sorted(pictures)]


def separated(data: bytes) -> tuple[bytes, bytes]:
    """The main picture without what `joined` adds (but with its XMP), and the picture behind it.

    Raises ValueError if the file is not what `joined` writes.
    """
    found, second = segments(data)
    plain = [each for each in found if not _is_index(each) and not _is_version(each)]
    packet = next((each.payload.removeprefix(_XMP) for each in found if each.payload.startswith(_XMP)), None)
    has_version = any(_is_version(each) for each in found)
    first = _assembled(plain)
    if joined(first, second, packet, has_iso_version=has_version) != data:
        raise ValueError("not as written")
    return first, second


def joined(first: bytes, second: bytes, xmp: bytes | None, *, has_iso_version: bool) -> bytes:
    """One file of two: the main picture with another XMP packet and an index, and the second picture behind it."""
    found, _ = segments(first)
    found = [each for each in found if not (each.marker == _APP1 and each.payload.startswith(_XMP))]
    added = [Segment(_APP1, _XMP + xmp)] if xmp is not None else []
    added += [Segment(_APP2, ISO_GAIN_MAP + _ISO_VERSION)] if has_iso_version else []
    head = with_head(_assembled(found), added)
    found, _ = segments(head)
    at = _head_length(found)
    before = len(_START) + sum(len(each.written) for each in found[:at])
    base = before + 4 + len(_MPF)
    first_bytes = len(head) + len(Segment(_APP2, _index(0, 0, 0)).written)
    index = Segment(_APP2, _index(first_bytes, len(second), first_bytes - base))
    return _assembled([*found[:at], index, *found[at:]]) + second


def with_head(data: bytes, added: Sequence[Segment]) -> bytes:
    """The file with segments behind its JFIF and EXIF segments."""
    found, _ = segments(data)
    at = 0
    while at < len(found) and (found[at].marker == 0xE0 or found[at].payload.startswith(b"Exif\0")):
        at += 1
    return _assembled([*found[:at], *added, *found[at:]])


def _head_length(found: Sequence[Segment]) -> int:
    return next(at for at, each in enumerate(found) if not 0xE0 <= each.marker <= 0xEF)


def _assembled(found: Sequence[Segment]) -> bytes:
    return _START + b"".join(each.written for each in found) + _END


def _is_index(segment: Segment) -> bool:
    return segment.marker == _APP2 and segment.payload.startswith(_MPF)


def _is_version(segment: Segment) -> bool:
    return segment.marker == _APP2 and segment.payload == ISO_GAIN_MAP + _ISO_VERSION


def _picture(data: bytes, at: int) -> bytes:
    rest = data[at:]
    try:
        _, trailing = segments(rest)
    except (ValueError, struct.error, IndexError):
        return rest
    return rest[: len(rest) - len(trailing)]


def _index(first_bytes: int, second_bytes: int, second_at: int) -> bytes:
    entries = _ENTRY.pack(_PRIMARY, first_bytes, 0, 0, 0) + _ENTRY.pack(0, second_bytes, second_at, 0, 0)
    at = len(_HEADER) + 2 + 3 * 12 + 4
    directory = struct.pack(">HHHI4s", 3, _VERSION, _UNDEFINED, 4, b"0100")
    directory += struct.pack(">HHII", _COUNT, _LONG, 1, 2)
    directory += struct.pack(">HHIII", _ENTRIES, _UNDEFINED, len(entries), at, 0)
    return _MPF + _HEADER + directory + entries


def _listed(data: bytes, found: Sequence[Segment]) -> Iterator[int]:
    """Where the pictures start by the index, as far as they are inside the file."""
    index = next((each for each in found if _is_index(each)), None)
    if index is None:
        return
    block, base = index.payload[len(_MPF) :], data.find(index.payload) + len(_MPF)
    order = "<" if block.startswith(b"II") else ">"
    try:
        (first,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, first)
        for number in range(min(count, _MOST_PICTURES)):
            tag, _, size, place = struct.unpack_from(order + "HHII", block, first + 2 + 12 * number)
            if tag == _ENTRIES:
                for each in range(min(size // _ENTRY.size, _MOST_PICTURES)):
                    (offset,) = struct.unpack_from(order + "I", block, place + _ENTRY.size * each + 8)
                    if offset and base + offset < len(data):
                        yield base + offset
    except struct.error:
        return

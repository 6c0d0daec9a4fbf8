"""Limits on how many parts a file has, checked before a decoder reads them.

Decoders read segments, chunks, blocks and pages before any limit on pixels applies. The walks below cost at most a
second for 100 MB. WebP, AVIF and HEIC are read by C libraries with limits of their own.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from itertools import islice

from blurline.errors import TooManyFrames, UnreadablePicture
from blurline.limits import Limits

_LEAST_PARTS = 10_000
_BYTES_A_PART = 128  # a GIF fills blocks of 256 bytes, a PNG chunks of kilobytes, a JPEG segments of up to 64 kB
_MOST_SCANS = 100  # progressive files have about ten; every scan visits the whole picture
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_GIF_IMAGE, _GIF_EXTENSION, _GIF_END = 0x2C, 0x21, 0x3B
_SOS, _EOI = 0xDA, 0xD9


def check_parts(data: bytes, limits: Limits) -> None:
    """Check the parts of a JPEG, PNG, GIF or TIFF file; a file that breaks off is left to the decoder.

    Raises:
        TooManyFrames: More frames or pages than ``limits.frames``.
        UnreadablePicture: More segments, chunks, blocks or scans than any writer needs.
    """
    parts = _parts(data)
    frames = scans = 0
    for kind in islice(parts, most := _LEAST_PARTS + len(data) // _BYTES_A_PART):
        frames += kind == "frame"
        scans += kind == "scan"
        if frames > limits.frames:
            raise too_many_frames(limits)
        if scans > _MOST_SCANS:
            raise UnreadablePicture(f"The JPEG picture has more than {_MOST_SCANS} scans. Export it again.")
    if next(parts, None):
        raise UnreadablePicture(f"The file has more than {most} parts for its size. Export it again.")


def too_many_frames(limits: Limits) -> TooManyFrames:
    """The error of a picture with more frames or pages than allowed."""
    return TooManyFrames(f"The picture has more than {limits.frames} frames or pages. Split it into several files.")


def _parts(data: bytes) -> Iterator[str]:
    """The kind of each part: ``frame``, ``scan`` or ``part``."""
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _gif(data)
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _tiff(data)
    return iter(())


def _jpeg(data: bytes) -> Iterator[str]:
    at = 2
    while at + 4 <= len(data) and data[at + 1] != _EOI:
        if data[at] != 0xFF or data[at + 1] == 0xFF:
            at += 1  # padding, or bytes that decoders skip
            yield "part"
            continue
        is_scan = data[at + 1] == _SOS
        yield "scan" if is_scan else "part"
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if is_scan:
            following = _MARKER.search(data, at)
            at = following.start() if following else len(data)


def _png(data: bytes) -> Iterator[str]:
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield "frame" if kind == b"fcTL" else "part"
        if kind == b"IEND":
            return
        at += 12 + length


def _gif(data: bytes) -> Iterator[str]:
    at = 13 + _palette_bytes(data, 10)
    while at < len(data) and data[at] != _GIF_END:
        if data[at] == _GIF_IMAGE:
            yield "frame"
            at += 11 + _palette_bytes(data, at + 9)
        elif data[at] == _GIF_EXTENSION:
            yield "part"
            at += 2
        else:
            yield "part"  # a byte that decoders skip
            at += 1
            continue
        while at < len(data) and data[at]:
            yield "part"
            at += 1 + data[at]
        at += 1


def _palette_bytes(data: bytes, at: int) -> int:
    flags = data[at] if at < len(data) else 0
    return 3 * 2 ** (flags % 8 + 1) if flags & 0x80 else 0


def _tiff(data: bytes) -> Iterator[str]:
    order = "<" if data.startswith(b"II") else ">"
    is_big = data[2:4] in (b"+\0", b"\0+")
    count, pointer, entry_bytes = ("Q", "Q", 20) if is_big else ("H", "I", 12)
    counts, pointers = struct.Struct(order + count), struct.Struct(order + pointer)
    seen: set[int] = set()
    try:
        (at,) = pointers.unpack_from(data, 8 if is_big else 4)
        while at and at not in seen:
            seen.add(at)
            yield "frame"
            (entries,) = counts.unpack_from(data, at)
            yield from ("part" for _ in range(entries))
            (at,) = pointers.unpack_from(data, at + counts.size + entries * entry_bytes)
    except struct.error:
        return  # cut short

"""The items of a HEIF file (ISO/IEC 23008-12) beside its main picture: further pictures, depth maps, gain maps."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from blurline.picture.formats.heif import boxes, main_picture

_PICTURES = {b"hvc1", b"hvc2", b"av01", b"grid", b"iden", b"iovl", b"jpeg", b"j2k1", b"avc1", b"vvc1", b"unci"}
_TONE_MAP = b"tmap"
_FULL_BOX = 4
_MOTION_VIDEO = b"mpvd"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file has: ``further_pictures`` that are shown by themselves, and what belongs to the main one.

    ``bits``: per channel of the main picture.
    """

    further_pictures: int = 0
    has_gain_map: bool = False
    has_depth_map: bool = False
    has_video: bool = False
    bits: int = 8


def contents(data: bytes) -> Contents:
    """The contents of a file; those of a plain picture where it cannot be read."""
    try:
        outer = dict(boxes(data))
        inside = dict(boxes(outer[b"meta"][_FULL_BOX:]))
        items = dict(_items(inside[b"iinf"]))
        references = list(_references(inside.get(b"iref", b"")))
        properties = dict(boxes(inside[b"iprp"]))
        auxiliary = [body for kind, body in boxes(properties[b"ipco"]) if kind == b"auxC"]
        primary = _number(inside[b"pitm"])
    except (KeyError, ValueError, struct.error, IndexError):
        return Contents()
    hidden = {from_ for kind, from_, _ in references if kind in (b"thmb", b"auxl")}
    hidden |= {item for kind, _, to in references if kind == b"dimg" for item in to}
    shown = {number for number, kind in items.items() if kind in _PICTURES} - hidden - {primary}
    return Contents(
        further_pictures=len(shown),
        has_gain_map=_TONE_MAP in items.values() or any(b"hdrgainmap" in body for body in auxiliary),
        has_depth_map=any(b"depth" in body or b"hevc:2015:auxid:2" in body for body in auxiliary),
        has_video=_MOTION_VIDEO in outer,
        bits=_bits(data),
    )


def av1_subsampling(data: bytes) -> tuple[int, int] | None:
    """How many pixels share a value of chroma across and down, in the main picture of an AVIF: (1, 1), (2, 1) or
    (2, 2); None without its configuration."""
    configuration = _av1_configuration(data)
    if configuration is None:
        return None
    return 1 + (configuration >> 3 & 1), 1 + (configuration >> 2 & 1)


def _av1_configuration(data: bytes) -> int | None:
    """The third byte of the `av1C` of the main picture, or of its first tile."""
    try:
        item = primary_coded_item(dict(boxes(dict(boxes(data))[b"meta"][_FULL_BOX:])))
    except (KeyError, ValueError, struct.error, IndexError):
        return None
    picture = main_picture(data, item)
    found = (body[2] for kind, body in (picture.properties if picture else ()) if kind == b"av1C" and len(body) > 2)
    return next(found, None)


def primary_coded_item(meta: Mapping[bytes, bytes]) -> int:
    """The number of the main picture's item, or of its first tile. ``meta``: the boxes of the file's `meta`."""
    primary = _number(meta[b"pitm"])
    tiles = [to for kind, from_, to in _references(meta.get(b"iref", b"")) if kind == b"dimg" and from_ == primary]
    return tiles[0][0] if tiles and tiles[0] else primary


def _bits(data: bytes) -> int:
    """The bits per channel of the main picture."""
    picture = main_picture(data)
    bits = 8
    for kind, body in picture.properties if picture else ():
        if kind == b"pixi" and len(body) > _FULL_BOX + 1:
            bits = max(bits, *body[_FULL_BOX + 1 :])
    configuration = _av1_configuration(data) or 0
    if configuration & 0x40:  # more than 8; the next bit says 12
        bits = max(bits, 12 if configuration & 0x20 else 10)
    return bits


def _number(body: bytes) -> int:
    return int.from_bytes(body[4:8] if body[0] else body[4:6], "big")


def _items(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and type of each item that is not hidden."""
    for kind, entry in boxes(body[_FULL_BOX + (4 if body[0] else 2) :]):
        is_hidden = entry[3] & 1
        if kind == b"infe" and entry[0] >= 2 and not is_hidden:
            wide = 4 if entry[0] >= 3 else 2
            yield int.from_bytes(entry[4 : 4 + wide], "big"), entry[6 + wide : 10 + wide]


def _references(body: bytes) -> Iterator[tuple[bytes, int, list[int]]]:
    """Type, source and targets of each reference between items."""
    if not body:
        return
    wide = 4 if body[0] else 2
    for kind, entry in boxes(body[_FULL_BOX:]):
        from_, (count,) = int.from_bytes(entry[:wide], "big"), struct.unpack_from(">H", entry, wide)
        start = wide + 2
        yield (
            kind,
            from_,
            [int.from_bytes(entry[start + wide * n : start + wide * (n + 1)], "big") for n in range(count)],
        )

"""HEIF (ISO/IEC 23008-12) and its container (ISO/IEC 14496-12): the main picture, and what is done before it shows.

A file is a sequence of boxes, some of which contain boxes. AVIF and HEIC are such files.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

_FULL_BOX = 4  # version and flags
_CODED_AS_HEVC = {b"hvc1", b"hvc2"}
_DERIVED = {b"grid", b"iden", b"iovl"}
_NCLX = re.compile(rb"(colrnclx).{4}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CleanAperture:
    """The part of the coded picture that shows, in its pixels."""

    left_px: int
    top_px: int
    width_px: int
    height_px: int

    def turned(self, width_px: int) -> CleanAperture:
        """The same part of a picture of that width that is turned by 90 degrees anti-clockwise."""
        return CleanAperture(self.top_px, width_px - self.left_px - self.width_px, self.height_px, self.width_px)

    def mirrored(self, width_px: int, height_px: int, *, is_sideways: bool) -> CleanAperture:
        """The same part of a picture of that size that is mirrored: left and right change places, or top and bottom."""
        if is_sideways:
            return replace(self, left_px=width_px - self.left_px - self.width_px)
        return replace(self, top_px=height_px - self.top_px - self.height_px)


@dataclass(frozen=True, slots=True)
class MainPicture:
    """The primary item: its type, and the type and content of each property, in the order of their application."""

    kind: bytes
    properties: tuple[tuple[bytes, bytes], ...]

    @property
    def has_crop(self) -> bool:
        """Whether only a part of the coded picture shows."""
        return any(kind == b"clap" for kind, _ in self.properties)

    @property
    def is_of_unknown_coding(self) -> bool:
        """Whether the picture is coded with something else than HEVC."""
        return self.kind not in _CODED_AS_HEVC | _DERIVED

    def crop(self, width_px: int, height_px: int) -> CleanAperture | None:
        """The clean aperture of a coded picture; None without one, or if it is not within the picture."""
        for kind, body in self.properties:
            if kind == b"clap" and len(body) >= 32:
                return _crop(struct.unpack(">8i", body[:32]), width_px, height_px)
        return None

    @property
    def size_px(self) -> tuple[int, int] | None:
        """Width and height before any crop or rotation."""
        for kind, body in self.properties:
            if kind == b"ispe" and len(body) >= _FULL_BOX + 8:
                width_px, height_px = struct.unpack_from(">II", body, _FULL_BOX)
                return width_px, height_px
        return None

    @property
    def shown_crop(self) -> CleanAperture | None:
        """The clean aperture in the pixels of the whole picture as it is shown, rotated and mirrored."""
        if self.size_px is None:
            return None
        (width, height), crop = self.size_px, None
        for kind, body in self.properties:
            if kind == b"clap" and len(body) >= 32:
                crop = _crop(struct.unpack(">8i", body[:32]), width, height)
            elif kind == b"irot" and body:
                for _ in range(body[0] & 3):
                    crop, width, height = crop and crop.turned(width), height, width
            elif kind == b"imir" and body and crop is not None:
                crop = crop.mirrored(width, height, is_sideways=bool(body[0] & 1))
        return crop


def uncropped(data: bytes) -> bytes:
    """The file with the crop of its primary item undone, which libheif refuses where it is small."""
    picture = main_picture(data)
    if picture is None or picture.shown_crop is None or picture.size_px is None:
        return data
    width_px, height_px = picture.size_px
    for kind, body in picture.properties:
        if kind == b"irot" and body and body[0] & 1:
            width_px, height_px = height_px, width_px
        elif kind == b"clap":
            whole = struct.pack(">8i", width_px, 1, height_px, 1, 0, 1, 0, 1)
            return data.replace(b"clap" + body[:32], b"clap" + whole)
    return data


def main_picture(data: bytes, number: int | None = None) -> MainPicture | None:
    """The primary item of a file, or the item of that number; None without one, or where the file cannot be read."""
    try:
        meta = dict(boxes(data))[b"meta"]
        inside = dict(boxes(meta[_FULL_BOX:]))
        number = _primary(inside[b"pitm"]) if number is None else number
        properties = dict(boxes(inside[b"iprp"]))
        known = list(boxes(properties[b"ipco"]))
        chosen = dict(_associations(properties[b"ipma"])).get(number, [])
        kind = dict(_items(inside[b"iinf"])).get(number, b"")
        return MainPicture(kind, tuple(known[index - 1] for index in chosen if 0 < index <= len(known)))
    except (KeyError, ValueError, struct.error, IndexError):
        return None


def code_points(data: bytes) -> tuple[int, int] | None:
    """The colour primaries and transfer characteristics (ITU-T H.273) of the primary item; None without them."""
    picture = main_picture(data)
    for kind, body in picture.properties if picture else ():
        if kind == b"colr" and body[:4] == b"nclx" and len(body) >= 8:
            primaries, transfer = struct.unpack_from(">HH", body, 4)
            return primaries, transfer
    return None


def with_code_points(data: bytes, primaries: int, transfer: int) -> bytes:
    """A file whose boxes precede its compressed data, with other primaries and transfer characteristics."""
    head, mdat, rest = data.partition(b"mdat")
    changed = struct.pack(">HH", primaries, transfer)
    return _NCLX.sub(lambda found: found[1] + changed, head) + mdat + rest


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The type and content of each box. Raises ValueError where one is longer than what contains it."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        start = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            start = 16
        size = size or len(data) - at
        if size < start or at + size > len(data):
            raise ValueError(f"a box {kind!r} of wrong size")
        yield kind, data[at + start : at + size]
        at += size


def _primary(body: bytes) -> int:
    return int.from_bytes(body[4:8] if body[0] else body[4:6], "big")


def _items(body: bytes) -> Iterator[tuple[int, bytes]]:
    start = _FULL_BOX + (4 if body[0] else 2)
    for kind, entry in boxes(body[start:]):
        if kind == b"infe" and entry[0] >= 2:
            wide = 4 if entry[0] >= 3 else 2
            number = int.from_bytes(entry[4 : 4 + wide], "big")
            yield number, entry[6 + wide : 10 + wide]


def _associations(body: bytes) -> Iterator[tuple[int, list[int]]]:
    """For each item the numbers of its properties, from 1."""
    version, has_wide_numbers = body[0], body[3] & 1
    (count,) = struct.unpack_from(">I", body, _FULL_BOX)
    at = _FULL_BOX + 4
    item_bytes, number_bytes = (4 if version else 2), (2 if has_wide_numbers else 1)
    for _ in range(count):
        item = int.from_bytes(body[at : at + item_bytes], "big")
        many = body[at + item_bytes]
        at += item_bytes + 1
        yield (
            item,
            [
                int.from_bytes(body[at + number_bytes * each : at + number_bytes * (each + 1)], "big")
                & (0x7FFF if has_wide_numbers else 0x7F)  # the upper bit says that the property is essential
                for each in range(many)
            ],
        )
        at += number_bytes * many


def _crop(fields: tuple[int, ...], width_px: int, height_px: int) -> CleanAperture | None:
    """ISO/IEC 14496-12, 12.1.4: size and the distance of its centre from that of the picture, as fractions."""
    wide, wide_by, high, high_by, across, across_by, down, down_by = fields
    if min(wide_by, high_by, across_by, down_by) <= 0 or wide % wide_by or high % high_by:
        return None
    width, height = wide // wide_by, high // high_by
    left, top = across / across_by + (width_px - width) / 2, down / down_by + (height_px - height) / 2
    crop = CleanAperture(int(left), int(top), width, height)
    is_whole = left == crop.left_px and top == crop.top_px
    is_inside = min(left, top) >= 0 and left + width <= width_px and top + height <= height_px
    return crop if is_whole and is_inside and min(width, height) > 0 else None

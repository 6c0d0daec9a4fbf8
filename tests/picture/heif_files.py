"""Changes to the boxes of HEIC and AVIF files."""

from __future__ import annotations

import struct

from blurline.picture.formats.heif import boxes

_GRID_NUMBER = 99


def clean_aperture(width: int, height: int, across_halves: int = 0, down_halves: int = 0) -> bytes:
    """A `clap` of a size, with its centre that many half pixels from the picture's."""
    return struct.pack(">8i", width, 1, height, 1, across_halves, 2, down_halves, 2)


def with_property(data: bytes, kind: bytes, body: bytes, *, is_first: bool = False) -> bytes:
    """The file with one more essential property of its primary item: after the others, or ``is_first``."""
    meta = dict(boxes(data))[b"meta"]
    inside = dict(boxes(meta[4:]))
    parts = dict(boxes(inside[b"iprp"]))
    primary = inside[b"pitm"][-2:]
    index = len(list(boxes(parts[b"ipco"]))) + 1
    parts[b"ipco"] += _box(kind, body)
    associations = parts[b"ipma"]
    at = associations.index(primary, 8)
    many = associations[at + 2]
    kept = associations[at + 3 : at + 3 + many]
    added = bytes([0x80 | index])
    mine = primary + bytes([many + 1]) + (added + kept if is_first else kept + added)
    parts[b"ipma"] = associations[:at] + mine + associations[at + 3 + many :]
    inside[b"iprp"] = _joined(parts)
    return _with_meta(data, meta[:4] + _joined(inside))


def with_primary(data: bytes, number: int) -> bytes:
    """The file with another primary item, of those with this number."""
    meta = dict(boxes(data))[b"meta"]
    inside = dict(boxes(meta[4:]))
    inside[b"pitm"] = inside[b"pitm"][:-2] + struct.pack(">H", number)
    return _with_meta(data, meta[:4] + _joined(inside))


def as_grid(data: bytes, size_px: tuple[int, int]) -> bytes:
    """The pictures in a file of libheif's tool as the tiles of one of that size, side by side."""
    meta = dict(boxes(data))[b"meta"]
    inside = dict(boxes(meta[4:]))
    tiles = [entry for kind, entry in boxes(inside[b"iinf"][6:]) if kind == b"infe"]
    many, number = struct.pack(">H", len(tiles)), struct.pack(">H", _GRID_NUMBER)
    grid = bytes([0, 0, 0, len(tiles) - 1]) + struct.pack(">HH", *size_px)
    items = [entry[:3] + b"\1" + entry[4:] for entry in tiles] + [b"\2\0\0\0" + number + b"\0\0grid\0"]  # hidden tiles
    inside[b"iinf"] = bytes(4) + struct.pack(">H", len(items)) + b"".join(_box(b"infe", each) for each in items)
    inside[b"iref"] = bytes(4) + _box(b"dimg", number + many + b"".join(entry[4:6] for entry in tiles))
    inside[b"pitm"] = bytes(4) + number
    place = number + bytes(2) + struct.pack(">IHII", 0, 1, len(data) + 8, len(grid))
    places = inside[b"iloc"]
    inside[b"iloc"] = places[:6] + struct.pack(">H", len(items)) + places[8:] + place
    parts = dict(boxes(inside[b"iprp"]))
    parts[b"ipco"] += _box(b"ispe", bytes(4) + struct.pack(">II", *size_px))
    associations = parts[b"ipma"]
    size = number + bytes([1, len(list(boxes(parts[b"ipco"])))])
    parts[b"ipma"] = associations[:4] + struct.pack(">I", len(items)) + associations[8:] + size
    inside[b"iprp"] = _joined(parts)
    return _with_meta(data + _box(b"mdat", grid), meta[:4] + _joined(inside))


def _with_meta(data: bytes, meta: bytes) -> bytes:
    """The new box comes last, so that no offset into the file changes."""
    at = data.index(b"meta")
    return data[:at] + b"free" + data[at + 4 :] + _box(b"meta", meta)


def _joined(parts: dict[bytes, bytes]) -> bytes:
    return b"".join(_box(kind, body) for kind, body in parts.items())


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body

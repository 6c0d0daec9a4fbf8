"""Changes to the boxes of HEIC and AVIF files."""

from __future__ import annotations

import struct

from blurline.picture.formats.heif import boxes


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


def _with_meta(data: bytes, meta: bytes) -> bytes:
    """The new box comes last, so that no offset into the file changes."""
    at = data.index(b"meta")
    return data[:at] + b"free" + data[at + 4 :] + _box(b"meta", meta)


def _joined(parts: dict[bytes, bytes]) -> bytes:
    return b"".join(_box(kind, body) for kind, body in parts.items())


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body

"""Files with very many parts are refused before a decoder reads them; ordinary files of every writer pass."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from blurline.errors import TooManyFrames, UnreadablePicture
from blurline.limits import Limits
from blurline.picture.decode import open_photo, read_header
from blurline.picture.part_limits import check_parts

_PARTS = 20_000
_LIMITS = Limits(frames=5)
_GIF_HEAD = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
_GIF_FRAME = b"\x21\xf9\x04\0\1\0\0\0\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"


def _encoded(format_: str, frames: int = 1, **options: object) -> bytes:
    pictures = [Image.new("RGB", (8, 8), (at % 256, at * 7 % 256, at // 256)) for at in range(frames)]
    file = io.BytesIO()
    several = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
    pictures[0].save(file, format_, **several, **options)
    return file.getvalue()


def _tiff(order: str, *, is_big: bool) -> bytes:
    """Six pages of a pixel, each with a directory of its own."""
    count, value, size = ("Q", "Q", 8 + 8 * 20 + 8) if is_big else ("H", "I", 2 + 8 * 12 + 4)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if is_big else 42)
    head += struct.pack(order + "HHQ", 8, 0, 16) if is_big else struct.pack(order + "I", 8)
    entries = b"".join(
        struct.pack(order + "HH" + value * 2, tag, 4, 1, content)
        for tag, content in ((256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 8), (278, 1), (279, 1))
    )
    pages = bytearray(head)
    for _ in range(6):
        pages += struct.pack(order + count, 8) + entries + struct.pack(order + value, len(pages) + size)
    return bytes(pages)


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _padded(data: bytes, at: int, part: bytes) -> bytes:
    return data[:at] + part * _PARTS + data[at:]


_MANY_FRAMES: dict[str, Callable[[], bytes]] = {
    "TIFF": lambda: _tiff("<", is_big=False),
    "TIFF, big-endian": lambda: _tiff(">", is_big=False),
    "BigTIFF": lambda: _tiff("<", is_big=True),
    "GIF": lambda: _GIF_HEAD + 6 * _GIF_FRAME + b";",
    "PNG": lambda: _encoded("PNG", 6),
    "WebP": lambda: _encoded("WEBP", 6),
    "AVIF": lambda: _encoded("AVIF", 6, speed=10),
}
_MANY_PARTS: dict[str, Callable[[], bytes]] = {
    "JPEG, empty segments": lambda: _padded(_encoded("JPEG"), 2, b"\xff\xe5\0\2"),
    "JPEG, padding": lambda: _padded(_encoded("JPEG"), 2, b"\xff"),
    "JPEG, scans": lambda: _with_scans(101),
    "PNG, empty chunks": lambda: _padded(_encoded("PNG"), 33, _png_chunk(b"prVt", b"")),
    "GIF, blocks of a byte": lambda: _padded(_GIF_HEAD + b"\x21\xfe" + b"\0" + _GIF_FRAME + b";", 21, b"\1a"),
    "GIF, stray bytes": lambda: _padded(_GIF_HEAD + _GIF_FRAME + b";", len(_GIF_HEAD), b"\0"),
    "TIFF, entries": lambda: b"II*\0\x08\0\0\0\x20\x4e" + b"\0\1\3\0\1\0\0\0\1\0\0\0" * 20_000 + b"\0\0\0\0",
}


def _with_scans(count: int) -> bytes:
    """A JPEG whose one scan is repeated."""
    data = _encoded("JPEG")
    start = data.rindex(b"\xff\xda")
    return data[:start] + data[start:-2] * count + b"\xff\xd9"


@pytest.mark.parametrize("read", [read_header, open_photo])
@pytest.mark.parametrize("name", _MANY_FRAMES)
def test_more_frames_than_allowed_are_refused(name: str, read: Callable[[bytes, Limits], object]) -> None:
    with pytest.raises(TooManyFrames, match="more than 5 frames or pages"):
        read(_MANY_FRAMES[name](), _LIMITS)


@pytest.mark.parametrize("name", ["TIFF", "TIFF, big-endian", "BigTIFF", "GIF", "PNG"])
def test_frames_that_are_read_one_by_one_are_counted_before_any_is_read(name: str) -> None:
    with pytest.raises(TooManyFrames):
        check_parts(_MANY_FRAMES[name](), _LIMITS)


@pytest.mark.parametrize("name", _MANY_PARTS)
def test_more_parts_than_any_writer_needs_are_refused(name: str) -> None:
    with pytest.raises(UnreadablePicture, match="more than"):
        read_header(_MANY_PARTS[name]())


@pytest.mark.parametrize(
    ("format_", "options"),
    [
        ("JPEG", {"progressive": True, "exif": b"Exif\0\0" + bytes(60_000)}),
        ("PNG", {}), ("GIF", {}), ("TIFF", {}), ("TIFF", {"big_tiff": True}), ("WEBP", {}), ("AVIF", {"speed": 10}),
    ],
)  # fmt: skip
def test_as_many_frames_as_allowed_pass(format_: str, options: dict[str, object]) -> None:
    frames = 1 if format_ == "JPEG" else 5
    data = _encoded(format_, frames, **options)
    assert read_header(data, Limits(frames=frames)).frames == frames

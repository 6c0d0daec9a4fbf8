"""PNG (ISO/IEC 15948): a signature, then chunks with length, type, data and checksum."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PICTURE = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_COLOURS = {b"cICP": 4, b"mDCV": 24, b"cLLI": 8, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}
_LOOKS = _COLOURS | {b"pHYs": 9}
"""Chunks that describe how to show the picture, with their length; each may occur once."""
_ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
_OURS = {b"iCCP", b"eXIf"}
_XMP_KEY = b"XML:com.adobe.xmp\0"
_PALETTE = 3
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and data of each chunk, then the bytes after the image as type ``b""``. Raises ValueError if damaged."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("no PNG signature")
    at = len(_SIGNATURE)
    while True:
        if at + 12 > len(data):
            raise ValueError("truncated")
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        if data[at + 8 + length : at + 12 + length] != struct.pack(">I", zlib.crc32(kind + body)):
            raise ValueError(f"wrong checksum of {kind!r}")
        yield kind, body
        at += 12 + length
        if kind == b"IEND":
            if at < len(data):
                yield b"", data[at:]
            return


def repackage(data: bytes, exif: bytes | None, xmp: bytes | None, icc: bytes | None) -> bytes | None:
    """Return a new file with the same compressed data; None for an animation or for data with more than rows."""
    try:
        found = list(chunks(data))
    except (ValueError, struct.error):
        return None
    kinds = {kind for kind, _ in found}
    if kinds & _ANIMATION or not _is_all_rows(found) or not _is_exact(found):
        return None
    head: list[tuple[bytes, bytes]] = []
    if icc is not None:
        head.append((b"iCCP", b"profile\0\0" + zlib.compress(icc)))
    if exif is not None:
        head.append((b"eXIf", exif.removeprefix(b"Exif\0\0")))
    if xmp is not None:
        head.append((b"iTXt", _XMP_KEY + b"\0\0\0\0" + xmp))
    kept = [(kind, body) for kind, body in found if kind in _PICTURE | _LOOKS.keys()]
    return _SIGNATURE + b"".join(_chunk(kind, body) for kind, body in [kept[0], *head, *kept[1:]])


def colour_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks before the compressed data that say what the numbers mean, apart from the profile, if they have their
    prescribed length; the first of each type."""
    found: dict[bytes, bytes] = {}
    at = len(_SIGNATURE)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in (b"IDAT", b"IEND"):
            break
        body = data[at + 8 : at + 8 + length]
        if _COLOURS.get(kind) == len(body) == length:
            found.setdefault(kind, body)
        at += 12 + length
    return list(found.items())


def with_chunks(data: bytes, wanted: list[tuple[bytes, bytes]]) -> bytes:
    """The file with chunks behind its header."""
    at = len(_SIGNATURE) + 25
    return data[:at] + b"".join(_chunk(kind, body) for kind, body in wanted) + data[at:]


def foreign_parts(data: bytes) -> list[str]:
    """Parts of the file other than the picture, its display chunks, its colour profile, EXIF and one XMP text."""
    names = []
    for kind, body in chunks(data):
        is_xmp = kind == b"iTXt" and body.startswith(_XMP_KEY)
        if kind not in _PICTURE | _LOOKS.keys() | _ANIMATION | _OURS and not is_xmp:
            names.append(f"chunk {kind.decode('latin-1')}" if kind else "bytes after the end")
    return names


def _is_exact(found: list[tuple[bytes, bytes]]) -> bool:
    """Whether every kept chunk occurs once and has its prescribed length."""
    kept = [(kind, body) for kind, body in found if kind in _PICTURE | _LOOKS.keys() and kind != b"IDAT"]
    depth, colour = found[0][1][8], found[0][1][9]
    palette = next((len(body) for kind, body in kept if kind == b"PLTE"), 0)
    lengths = {kind: {length} for kind, length in _LOOKS.items()} | {b"IHDR": {13}, b"IEND": {0}}
    lengths[b"PLTE"] = set(range(3, 3 * 2**depth + 1, 3)) if colour == _PALETTE else set()
    lengths[b"tRNS"] = {0: {2}, 2: {6}, _PALETTE: set(range(1, palette // 3 + 1))}.get(colour, set())
    return len({kind for kind, _ in kept}) == len(kept) and all(len(body) in lengths[kind] for kind, body in kept)


def _is_all_rows(found: list[tuple[bytes, bytes]]) -> bool:
    """Whether the compressed data is one stream with exactly the picture's rows."""
    header = next((body for kind, body in found if kind == b"IHDR"), b"")
    if len(header) != 13:
        return False
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    bits = depth * _CHANNELS.get(colour, 0)
    expected = sum(
        rows * (1 + (columns * bits + 7) // 8)
        for columns, rows in (_passes(width, height) if interlaced else [(width, height)])
        if columns and rows
    )
    stream = zlib.decompressobj()
    try:
        size = len(stream.decompress(b"".join(body for kind, body in found if kind == b"IDAT"), expected + 1))
    except zlib.error:
        return False
    return size == expected and stream.eof and not stream.unused_data


def _passes(width: int, height: int) -> list[tuple[int, int]]:
    return [(-(-(width - x) // across), -(-(height - y) // down)) for x, y, across, down in _ADAM7]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))

"""WebP (RFC 9649): a RIFF file of chunks."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_DATA = {b"VP8 ", b"VP8L"}
_PICTURE = _DATA | {b"ALPH"}
_ANIMATION = {b"ANIM", b"ANMF"}
_OURS = {b"VP8X", b"ICCP", b"EXIF", b"XMP "}
_HAS_ICC, _HAS_ALPHA, _HAS_EXIF, _HAS_XMP = 0x20, 0x10, 0x08, 0x04


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and data of each chunk, then the bytes after the file as type ``b""``. Raises ValueError if damaged."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise ValueError("not a WebP file")
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise ValueError("truncated")
    yield from _chunks_in(data[12:end])
    if end < len(data):
        yield b"", data[end:]


def _chunks_in(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(body):
        kind, size = struct.unpack_from("<4sI", body, at)
        if at + 8 + size > len(body):
            raise ValueError("truncated chunk")
        yield kind, body[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def is_lossless(data: bytes) -> bool:
    """Whether the first picture in the file is VP8L; in an animation it starts after 16 bytes of its frame."""
    try:
        for kind, body in chunks(data):
            if kind == b"ANMF":
                kind, body = next(each for each in _chunks_in(body[16:]) if each[0] in _DATA)
            if kind in _DATA:
                return kind == b"VP8L"
    except (ValueError, StopIteration):
        return False
    return False


def repackage(data: bytes, exif: bytes | None, xmp: bytes | None, icc: bytes | None) -> bytes | None:
    """Return a new file with the same compressed data; None for an animation and for lossy data, where bytes may hide
    between partitions whose ends only decoding shows."""
    try:
        found = list(chunks(data))
    except (ValueError, struct.error):
        return None
    kept = [(kind, body) for kind, body in found if kind in _PICTURE]
    if {kind for kind, _ in found} & _ANIMATION or [kind for kind, _ in kept] != [b"VP8L"]:
        return None
    extended = next((body for kind, body in found if kind == b"VP8X" and len(body) == 10), None)
    if extended is None:
        if exif or xmp or icc:
            return None  # the size is only in the compressed data
        return _assembled(kept)
    flags = extended[0] & _HAS_ALPHA
    flags |= (_HAS_ICC if icc else 0) | (_HAS_EXIF if exif else 0) | (_HAS_XMP if xmp else 0)
    before = [(b"VP8X", bytes([flags]) + extended[1:])] + ([(b"ICCP", icc)] if icc else [])
    after = [(b"EXIF", exif.removeprefix(b"Exif\0\0"))] if exif else []  # the prefix is of JPEG alone
    return _assembled([*before, *kept, *after, *([(b"XMP ", xmp)] if xmp else [])])


def truncations(data: bytes, count: int) -> Iterator[bytes]:
    """For each picture chunk, a file that lacks the chunk's last ``count`` bytes."""
    found = list(chunks(data))
    for at, (kind, body) in enumerate(found):
        if kind in _PICTURE and len(body) > 2 * count:
            yield _assembled([*found[:at], (kind, body[:-count]), *found[at + 1 :]])


def foreign_parts(data: bytes) -> list[str]:
    """Parts of the file other than the picture, its colour profile, EXIF and XMP."""
    known = _PICTURE | _ANIMATION | _OURS
    return [
        f"chunk {kind.decode('latin-1')}" if kind else "bytes after the end"
        for kind, _ in chunks(data)
        if kind not in known
    ]


def _assembled(found: list[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(struct.pack("<4sI", kind, len(part)) + part + bytes(len(part) % 2) for kind, part in found)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body

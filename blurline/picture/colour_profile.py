"""ICC colour profiles, rewritten with only the tags that affect colours, so that nothing else passes.

Structure (ICC.1:2022): a header of 128 bytes, a table of tags (signature, offset, size), the tags' data.
"""

from __future__ import annotations

import struct

_HEADER = 128
_ENTRY = struct.Struct(">4sII")
_MOST_TAGS = 100
_MOST_BYTES = 4_000_000

_TAGS = frozenset(
    tag
    for row in (
        "A2B0 A2B1 A2B2 A2B3 B2A0 B2A1 B2A2 B2A3 B2D0 B2D1 B2D2 B2D3 D2B0 D2B1 D2B2 D2B3 rXYZ gXYZ bXYZ rTRC gTRC bTRC",
        "kTRC wtpt bkpt chad chrm cicp lumi gamt desc",
    )
    for tag in row.split()
)
"""Tags that affect colours, and the profile's name."""

_NUMERIC = {b"XYZ ", b"curv", b"para", b"sf32", b"chrm", b"cicp", b"mft1", b"mft2", b"mAB ", b"mBA ", b"mpet"}
_MOST_NAME_BYTES = 512


def clean_profile(profile: bytes) -> bytes | None:
    """Return the profile with only its known tags; None when it is not well-formed."""
    tags = tags_of(profile)
    if tags is None:
        return None
    kept = []
    for signature, content in tags:
        is_name = signature == b"desc" and len(content) <= _MOST_NAME_BYTES
        if signature.decode("latin-1") in _TAGS and (is_name or content[:4] in _NUMERIC):
            kept.append((signature, content))
    return assembled(profile[:_HEADER], kept)


def space_of(profile: bytes) -> bytes:
    """The colour space of a profile's pictures: `RGB `, `GRAY`, `CMYK`, `Lab ` and others."""
    return profile[16:20]


def tags_of(profile: bytes) -> list[tuple[bytes, bytes]] | None:
    """The signature and content of each tag; None when the profile is not well-formed."""
    if not _HEADER + 4 <= len(profile) <= _MOST_BYTES or profile[36:40] != b"acsp":
        return None
    (count,) = struct.unpack_from(">I", profile, _HEADER)
    table_end = _HEADER + 4 + count * _ENTRY.size
    if not 0 < count <= _MOST_TAGS or table_end > len(profile):
        return None
    tags = []
    for number in range(count):
        signature, offset, size = _ENTRY.unpack_from(profile, _HEADER + 4 + number * _ENTRY.size)
        if offset < _HEADER or offset + size > len(profile):
            return None
        tags.append((signature, profile[offset : offset + size]))
    return tags


def assembled(header: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    """Join the tags. Tags of equal content share their data, as in profiles that colour software writes."""
    table, body, places = b"", b"", dict[bytes, int]()
    start = _HEADER + 4 + len(tags) * _ENTRY.size
    for signature, content in tags:
        if content not in places:
            places[content] = start + len(body)
            body += content + bytes(-len(content) % 4)
        table += _ENTRY.pack(signature, places[content], len(content))
    whole = header + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(whole)) + whole[4:]

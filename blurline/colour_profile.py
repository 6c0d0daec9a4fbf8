"""ICC colour profiles, written anew with the tags that the standard knows, so that nothing else travels in one.

The structure is that of ICC.1:2022: a header of 128 bytes, a table of tags (signature, offset, size), the tags' data.
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
        "kTRC wtpt bkpt chad chrm cicp clro clrt cprt desc dmnd dmdd gamt lumi meas pre0 pre1 pre2 resp rig0 rig2 targ",
        "tech view vued vcgt mmod aarg aagg aabg para",
    )
    for tag in row.split()
)


def clean_profile(profile: bytes) -> bytes | None:
    """The profile with its known tags alone; None when it is not well-formed."""
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
        if signature.decode("latin-1") in _TAGS:
            tags.append((signature, profile[offset : offset + size]))
    return _assembled(profile[:_HEADER], tags)


def _assembled(header: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    """Tags of equal content share it, as in the files that colour software writes."""
    table, body, places = b"", b"", dict[bytes, int]()
    start = _HEADER + 4 + len(tags) * _ENTRY.size
    for signature, content in tags:
        if content not in places:
            places[content] = start + len(body)
            body += content + bytes(-len(content) % 4)
        table += _ENTRY.pack(signature, places[content], len(content))
    whole = header + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(whole)) + whole[4:]

"""EXIF blocks (Exif 3.0): TIFF directories of typed entries. Values keep the type that the standard gives their tag."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from enum import IntEnum
from fractions import Fraction
from typing import Any


class Kind(IntEnum):
    """The type of an entry, by its number in TIFF."""

    BYTE = 1
    ASCII = 2
    SHORT = 3
    LONG = 4
    RATIONAL = 5
    UNDEFINED = 7


Directory = Mapping[int, tuple[Kind, Any]]
"""Entries by tag: their type, and bytes, a text, or one or several numbers."""

_EXIF_POINTER, _GPS_POINTER = 34665, 34853
_HEADER = b"MM\0*\0\0\0\x08"
_ENTRY_BYTES = 12
_MOST_DENOMINATOR = 1_000_000_000


def written_block(main: Directory, exif: Directory, gps: Directory) -> bytes:
    """A block with the directories that have entries, without the prefix ``Exif``."""
    pointers: Directory = {
        tag: (Kind.LONG, 0) for tag, entries in ((_EXIF_POINTER, exif), (_GPS_POINTER, gps)) if entries
    }
    start = len(_HEADER) + len(_directory({**main, **pointers}, 0))
    where = {_EXIF_POINTER: start, _GPS_POINTER: start + (len(_directory(exif, start)) if exif else 0)}
    first = _directory({**main, **{tag: (Kind.LONG, where[tag]) for tag in pointers}}, len(_HEADER))
    exif_part = _directory(exif, start) if exif else b""
    return _HEADER + first + exif_part + (_directory(gps, where[_GPS_POINTER]) if gps else b"")


def _directory(entries: Directory, at: int) -> bytes:
    """A directory that starts at an offset, followed by the values that do not fit into its entries."""
    table, values = b"", b""
    start = at + 2 + _ENTRY_BYTES * len(entries) + 4
    for tag, (kind, value) in sorted(entries.items()):
        count, content = _content(kind, value)
        if len(content) > 4:
            place, values = struct.pack(">I", start + len(values)), values + content + bytes(len(content) % 2)
        else:
            place = content.ljust(4, b"\0")
        table += struct.pack(">HHI", tag, kind, count) + place
    return struct.pack(">H", len(entries)) + table + bytes(4) + values


def _content(kind: Kind, value: Any) -> tuple[int, bytes]:
    if kind is Kind.ASCII:
        text = (value.encode() if isinstance(value, str) else value) + b"\0"
        return len(text), text
    if isinstance(value, bytes):
        return len(value), value
    numbers = value if isinstance(value, tuple) else (value,)
    if kind is Kind.RATIONAL:
        return len(numbers), b"".join(struct.pack(">II", *_ratio(number)) for number in numbers)
    letter = {Kind.SHORT: "H", Kind.LONG: "I"}.get(kind, "B")
    return len(numbers), struct.pack(f">{len(numbers)}{letter}", *(int(number) for number in numbers))


def _ratio(number: Any) -> tuple[int, int]:
    exact = Fraction(number.numerator, number.denominator) if hasattr(number, "numerator") else Fraction(number)
    if max(exact.numerator, exact.denominator) >= 1 << 32:
        exact = exact.limit_denominator(min(_MOST_DENOMINATOR, (1 << 32) // (int(exact) + 1)))
    return exact.numerator, exact.denominator

"""Comparing what the store has with what the database names: two streams in the order of their keys, merged.

Pure. What comes out is a suspicion: the streams are read at different moments, while others store, publish and delete.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from uuid import UUID

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Bucket(StrEnum):
    """The buckets that belong together with rows of images."""

    ORIGINALS = "originals"
    RESULTS = "results"


_OURS = {
    Bucket.ORIGINALS: re.compile(rf"[0-9a-f]{{16}}/(direct/)?{_UUID}(\.\w+\.jpg)?"),
    Bucket.RESULTS: re.compile(rf"{_UUID}/{_UUID}\.[\w.]+"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as the store lists it."""

    key: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Expected:
    """What an image has in a bucket: the object ``key`` (None: it may have none) and whatever lies beside it or beside
    what an open attempt stores (``stems``). ``is_noted``: its row says already that the object is missing."""

    image_id: UUID
    place: str
    stems: frozenset[str]
    key: str | None
    is_noted: bool = False


@dataclass(frozen=True, slots=True)
class Orphan:
    """An object that no row names."""

    object: Listed


@dataclass(frozen=True, slots=True)
class Missing:
    """A row names an object that is not there."""

    expected: Expected


@dataclass(frozen=True, slots=True)
class Returned:
    """An object is there that its row says is missing."""

    expected: Expected


Suspicion = Orphan | Missing | Returned


def compare(bucket: Bucket, objects: Iterable[Listed], rows: Iterable[Expected]) -> Iterator[Suspicion]:
    """Where the two differ. Both come in the order of their keys, `Expected.place` being that of an image."""
    place_of = _PLACE[bucket]
    waiting = iter(rows)
    row = next(waiting, None)
    for place, found in groupby(objects, lambda each: place_of(each.key)):
        while row is not None and row.place < place:
            yield from _within(row, ())
            row = next(waiting, None)
        if row is not None and row.place == place:
            yield from _within(row, found)
            row = next(waiting, None)
        else:
            yield from map(Orphan, found)
    while row is not None:
        yield from _within(row, ())
        row = next(waiting, None)


def stem_of(key: str) -> str:
    """What a picture and its previews have in common."""
    return key.partition(".")[0]


def is_ours(bucket: Bucket, key: str) -> bool:
    """Whether the key is one that Blurline gives."""
    return _OURS[bucket].fullmatch(key) is not None


_PLACE: dict[Bucket, Callable[[str], str]] = {
    Bucket.ORIGINALS: stem_of,
    Bucket.RESULTS: lambda key: key.partition("/")[0],
}


def _within(row: Expected, found: Iterable[Listed]) -> Iterator[Suspicion]:
    is_there = False
    for each in found:
        is_there = is_there or each.key == row.key
        if stem_of(each.key) not in row.stems:
            yield Orphan(each)
    if row.key is not None and not is_there:
        yield Missing(row)
    if is_there and row.is_noted:
        yield Returned(row)

"""Compares objects in the store with rows in the database: merges two streams in order of their keys.

Pure. Differences are only suspicions, because the streams are read at different times while work goes on.
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


class ImageBucket(StrEnum):
    """The buckets whose objects belong to images."""

    ORIGINALS = "originals"
    RESULTS = "results"


_OURS = {
    ImageBucket.ORIGINALS: re.compile(rf"[0-9a-f]{{16}}/(direct/)?{_UUID}(\.\w+\.(jpg|zip))?"),
    ImageBucket.RESULTS: re.compile(rf"{_UUID}/{_UUID}\.[\w.]+"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """An object in the store's listing."""

    key: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Expected:
    """What an image has in a bucket: the object ``key`` (None: none is required), and anything beside it or beside the
    objects of an open attempt (``stems``). ``is_noted``: its row already says that the object is missing."""

    image_id: UUID
    place: str
    stems: frozenset[str]
    key: str | None
    is_noted: bool = False


@dataclass(frozen=True, slots=True)
class Orphan:
    """An object without a row."""

    object: Listed


@dataclass(frozen=True, slots=True)
class Missing:
    """A row whose object is missing."""

    expected: Expected


@dataclass(frozen=True, slots=True)
class Returned:
    """An object that exists although its row says that it is missing."""

    expected: Expected


Suspicion = Orphan | Missing | Returned


def compare(bucket: ImageBucket, objects: Iterable[Listed], rows: Iterable[Expected]) -> Iterator[Suspicion]:
    """Yield the differences. Both inputs are in order of their keys; an image's key is `Expected.place`."""
    waiting = iter(rows)
    row = next(waiting, None)
    for place, found in groupby(objects, lambda each: place_of(bucket, each.key)):
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
    """The common part of the keys of a picture and its previews."""
    return key.partition(".")[0]


def place_of(bucket: ImageBucket, key: str) -> str:
    """The place of an object among the rows: that of its image (`Expected.place`)."""
    return _PLACE[bucket](key)


def is_ours(bucket: ImageBucket, key: str) -> bool:
    """Whether the key has the form of Blurline's keys."""
    return _OURS[bucket].fullmatch(key) is not None


_PLACE: dict[ImageBucket, Callable[[str], str]] = {
    ImageBucket.ORIGINALS: stem_of,
    ImageBucket.RESULTS: lambda key: key.partition("/")[0],
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

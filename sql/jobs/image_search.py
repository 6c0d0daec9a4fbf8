"""Searches of images: filters, orders, pages, counts and neighbours."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from sql.engine.database import Database, Row, statement
from sql.jobs.job_queries import ImageRow, image_row

UNKNOWN_DOUBT = 2.0
"""The place of an image without a known doubt among the most doubtful: before all others."""

_SOURCE, _ALL = b"{images}", b"images"
_TRIGRAM = 3
_START = "^^"
_SPECIAL = str.maketrans({each: f"\\{each}" for each in "\\%_"})


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """A filter of images. A field of None does not restrict.

    ``name`` is a part of the name in any case, or its beginning if it is shorter than three characters; ``note`` is the
    code of a note.
    """

    owner: str | None = None
    state: str | None = None
    error_code: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    job_id: UUID | None = None
    labels: Mapping[str, str] | None = None
    name: str | None = None
    note: str | None = None
    doubt_above: float | None = None
    doubt_up_to: float | None = None


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """The place of an image in every order."""

    id: UUID
    doubt: float = UNKNOWN_DOUBT
    position: int = 0

    @classmethod
    def of(cls, row: ImageRow) -> ImagePlace:
        """The place of this image."""
        return cls(row.id, UNKNOWN_DOUBT if row.doubt is None else row.doubt, row.position)


class ImageOrder(Enum):
    """The order of a list, as SQL: the place of an image, the place of the cursor, what is beyond it, and the order."""

    NEWEST = ("images.id", "%(cursor)s::uuid", "<", "images.id DESC")
    OLDEST = ("images.id", "%(cursor)s::uuid", ">", "images.id")
    MOST_DOUBTFUL = (
        "(coalesce(images.doubt, 2), images.id)",
        "(%(cursor_doubt)s::real, %(cursor)s::uuid)",
        "<",
        "coalesce(images.doubt, 2) DESC, images.id DESC",
    )
    LEAST_DOUBTFUL = (
        "(coalesce(images.doubt, 2), images.id)",
        "(%(cursor_doubt)s::real, %(cursor)s::uuid)",
        ">",
        "coalesce(images.doubt, 2), images.id",
    )
    FIRST = ("images.position", "%(cursor_position)s::integer", ">", "images.position")
    LAST = ("images.position", "%(cursor_position)s::integer", "<", "images.position DESC")

    @property
    def reverse(self) -> ImageOrder:
        """The same order from its end."""
        return _REVERSE[self]

    @property
    def words(self) -> dict[bytes, bytes]:
        """What stands for each placeholder in the statement."""
        names = (b"{place}", b"{cursor}", b"{beyond}", b"{ordered}")
        return dict(zip(names, (text.encode() for text in self.value), strict=True))


_PAIRS = (
    (ImageOrder.NEWEST, ImageOrder.OLDEST),
    (ImageOrder.MOST_DOUBTFUL, ImageOrder.LEAST_DOUBTFUL),
    (ImageOrder.FIRST, ImageOrder.LAST),
)
_REVERSE = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}


def list_images(
    database: Database,
    wanted: ImageFilter,
    limit: int,
    after: ImagePlace | None = None,
    order: ImageOrder = ImageOrder.NEWEST,
) -> list[ImageRow]:
    """Matching images, beyond the place ``after``. `FIRST` and `LAST` order the images of one job.

    A part of many names is found among the next images in order. Only if they hold too few, the index of names, which
    must collect every match first, is asked.
    """
    parameters = {
        "cursor": after and after.id,
        "cursor_doubt": after and after.doubt,
        "cursor_position": after and after.position,
        "limit": limit,
    }
    is_in_all = wanted.name and wanted.job_id is None and order in _PAIRS[0]
    sources = [statement("near_images"), _ALL] if is_in_all else [_ALL]
    rows: list[Row] = []
    with database.transaction() as transaction:
        for source in sources:
            words = {_SOURCE: source} | order.words | _words(wanted)
            rows = transaction.filled("images", words, **_fields(wanted), **parameters)
            if len(rows) == limit:
                break
    return [image_row(row) for row in rows]


def neighbours(
    database: Database, wanted: ImageFilter, order: ImageOrder, place: ImagePlace
) -> tuple[UUID | None, UUID | None]:
    """The matching images before and after a place; None at an end of the list."""
    before, after = (list_images(database, wanted, 1, place, each) for each in (order.reverse, order))
    return (before[0].id if before else None, after[0].id if after else None)


def count_images(database: Database, wanted: ImageFilter, at_most: int) -> int:
    """The number of matching images, counted up to ``at_most``."""
    with database.transaction() as transaction:
        (row,) = transaction.filled("count_found_images", _words(wanted), **_fields(wanted), limit=at_most)
    return int(row["images"])


def _words(wanted: ImageFilter) -> dict[bytes, bytes]:
    is_of_jobs = wanted.owner is not None or wanted.labels is not None
    return {b"{filter}": statement("image_filter"), b"{of_jobs}": statement("of_jobs") if is_of_jobs else b""}


def _fields(wanted: ImageFilter) -> dict[str, Any]:
    first, other = _spellings(wanted.name) if wanted.name else (None, None)
    return {name: getattr(wanted, name) for name in wanted.__slots__} | {
        "labels": None if wanted.labels is None else Jsonb(dict(wanted.labels)),
        "note": None if wanted.note is None else Jsonb([{"code": wanted.note}]),
        "name": first and _pattern(first),
        "name_part": first and _part(first),
        "other_name": other and _pattern(other),
        "other_part": other and _part(other),
    }


def _spellings(name: str) -> tuple[str, str | None]:
    """The text with accents as most systems write them, and as macOS does if that differs."""
    composed, decomposed = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    return composed, None if composed == decomposed else decomposed


def _pattern(text: str) -> str:
    """A pattern of LIKE. A text shorter than the index's trigrams is found only at the beginning."""
    return f"{'' if len(text) < _TRIGRAM else '%'}{text.translate(_SPECIAL)}%"


def _part(text: str) -> str:
    """The text whose trigrams are looked up in the index."""
    return f"{_START}{text}" if len(text) < _TRIGRAM else text

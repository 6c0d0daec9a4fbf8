"""What the database expects in the store, page by page, and marking rows whose objects are missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from blurline.storage.inventory import Expected, ImageBucket
from sql.engine.database import Database

_PAGE = 2000


@dataclass(frozen=True, slots=True)
class _Statements:
    """The names of a bucket's statements."""

    expected: str
    unnamed: str
    still_named: str
    note_missing: str
    note_returned: str


_STATEMENTS = {
    ImageBucket.ORIGINALS: _Statements(
        expected="expected_originals",
        unnamed="unnamed_originals",
        still_named="still_named_originals",
        note_missing="note_missing_originals",
        note_returned="note_returned_originals",
    ),
    ImageBucket.RESULTS: _Statements(
        expected="expected_results",
        unnamed="unnamed_results",
        still_named="still_named_results",
        note_missing="note_missing_results",
        note_returned="note_returned_results",
    ),
}


def expected(
    database: Database, bucket: ImageBucket, after: str | None = None, until: str | None = None
) -> Iterator[Expected]:
    """What every image between two places has in the bucket, in the order of the keys. Reads one page at a time."""
    cursor = after
    while True:
        with database.transaction() as transaction:
            rows = transaction.all(_STATEMENTS[bucket].expected, cursor=cursor, until=until, limit=_PAGE)
        for row in rows:
            yield Expected(**{**row, "stems": frozenset(row["stems"])})
        if len(rows) < _PAGE:
            return
        cursor = rows[-1]["place"]


def unnamed(database: Database, bucket: ImageBucket, stems: Collection[str]) -> set[str]:
    """The stems that no row names now, no open attempt may still publish, and no deletion will remove."""
    with database.transaction() as transaction:
        return {row["stem"] for row in transaction.all(_STATEMENTS[bucket].unnamed, stems=list(stems))}


def still_named(database: Database, bucket: ImageBucket, rows: Sequence[Expected]) -> list[Expected]:
    """The rows whose image still names the object."""
    with database.transaction() as transaction:
        found: set[UUID] = {row["image_id"] for row in transaction.all(_STATEMENTS[bucket].still_named, **_keys(rows))}
    return [row for row in rows if row.image_id in found]


def note_missing(database: Database, bucket: ImageBucket, rows: Sequence[Expected]) -> int:
    """Mark the objects of images as missing. Return how many were not marked before."""
    with database.transaction() as transaction:
        return transaction.run(_STATEMENTS[bucket].note_missing, **_keys(rows))


def note_returned(database: Database, bucket: ImageBucket, rows: Sequence[Expected]) -> int:
    """Remove the mark from images whose missing object is back. Return how many were marked."""
    with database.transaction() as transaction:
        return transaction.run(_STATEMENTS[bucket].note_returned, **_keys(rows))


def _keys(rows: Sequence[Expected]) -> dict[str, list[UUID] | list[str | None]]:
    return {"image_ids": [row.image_id for row in rows], "keys": [row.key for row in rows]}

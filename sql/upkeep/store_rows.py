"""What the database says that the store has, page by page, and what becomes of rows whose objects are missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from blurline.storage.inventory import Bucket, Expected
from sql.engine.database import Database

_PAGE = 2000


def expected(database: Database, bucket: Bucket) -> Iterator[Expected]:
    """Of every image, what lies in the bucket, in the order of the keys. Each page is read when it is needed."""
    cursor: str | None = None
    while True:
        with database.transaction() as transaction:
            rows = transaction.all(f"{bucket}_expected", cursor=cursor, limit=_PAGE)
        for row in rows:
            yield Expected(**{**row, "stems": frozenset(row["stems"])})
        if len(rows) < _PAGE:
            return
        cursor = rows[-1]["place"]


def unnamed(database: Database, bucket: Bucket, stems: Collection[str]) -> set[str]:
    """Those that no row names at this moment, no open attempt may still publish, and no deletion will remove."""
    with database.transaction() as transaction:
        return {row["stem"] for row in transaction.all(f"unnamed_{bucket}", stems=list(stems))}


def still_named(database: Database, bucket: Bucket, rows: Sequence[Expected]) -> list[Expected]:
    """Those whose image names the object at this moment."""
    with database.transaction() as transaction:
        found: set[UUID] = {row["image_id"] for row in transaction.all(f"still_named_{bucket}", **_keys(rows))}
    return [row for row in rows if row.image_id in found]


def note_missing(database: Database, bucket: Bucket, rows: Sequence[Expected]) -> int:
    """Have images say that their object is missing; how many did not say so."""
    with database.transaction() as transaction:
        return transaction.run(f"note_missing_{bucket}", **_keys(rows))


def note_returned(database: Database, bucket: Bucket, rows: Sequence[Expected]) -> int:
    """Have images say no more that their object is missing; how many did."""
    with database.transaction() as transaction:
        return transaction.run(f"note_returned_{bucket}", **_keys(rows))


def _keys(rows: Sequence[Expected]) -> dict[str, list[UUID] | list[str | None]]:
    return {"image_ids": [row.image_id for row in rows], "keys": [row.key for row in rows]}

"""Ridding the store of what was deleted, and asking it afterwards whether it is gone.

Rows are claimed under a lock, so that any number of processes share the work. When the store does not answer, or still
has what it was told to remove, the rows stay for the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from blurline.storage.inventory import Bucket, stem_of
from blurline.storage.store import Store
from sql.engine.database import Database, Row, Transaction

_AT_ONCE = 200
_THREADS = 8


def erase(database: Database, store: Store) -> int:
    """Remove objects of up to 200 deleted images, and of as many whose original or result alone was deleted; how many
    images. What of an image may still be stored by a busy worker is looked for again later."""
    return _work_off(
        database, "claim_deleted_images", "settle_deleted_images", lambda row: _image(store, row)
    ) + _work_off(database, "claim_erased_parts", "confirm_erasures", lambda row: _parts(store, row))


def _work_off(database: Database, claim: str, settle: str, remove: Callable[[Row], int]) -> int:
    with database.transaction() as transaction:
        rows = transaction.all(claim, limit=_AT_ONCE)
        if rows:
            with ThreadPoolExecutor(_THREADS) as threads:
                removed = list(threads.map(remove, rows))
            _settle(transaction, settle, rows, removed)
    return len(rows)


def _settle(transaction: Transaction, settle: str, rows: Sequence[Row], removed: Sequence[int]) -> None:
    by_deletion: dict[UUID, list[tuple[UUID, int]]] = {}
    for row, count in zip(rows, removed, strict=True):
        by_deletion.setdefault(row["deletion_id"], []).append((row["image_id"], count))
    for deletion_id, images in sorted(by_deletion.items()):
        transaction.run("lock_deletion", deletion_id=deletion_id)
        transaction.run(settle, deletion_id=deletion_id, image_ids=[image_id for image_id, _ in images])
        transaction.run("complete_deletion", deletion_id=deletion_id, removed=sum(count for _, count in images))


def _image(store: Store, row: Row) -> int:
    """Results lie below the image's id, also those that no row has ever named."""
    return store.remove_under(Bucket.ORIGINALS, row["original_key"]) + store.remove_under(
        Bucket.RESULTS, f"{row['image_id']}/"
    )


def _parts(store: Store, row: Row) -> int:
    """The original or this one result, with previews; a newer result stays."""
    removed = 0
    if row["original_key"] is not None:
        removed += store.remove_under(Bucket.ORIGINALS, row["original_key"])
    if row["result_key"] is not None:
        removed += store.remove_under(Bucket.RESULTS, f"{stem_of(row['result_key'])}.")
    return removed

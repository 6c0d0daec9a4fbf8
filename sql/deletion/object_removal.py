"""Removing the objects of deleted images from the store, and checking that they are gone.

Rows are claimed under a lock, so any number of processes can share the work. When the store does not answer, or still
has an object after its removal, the rows stay for the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from blurline.storage.inventory import ImageBucket, stem_of
from blurline.storage.store import Store
from sql.engine.database import Database, Row, Transaction

_AT_ONCE = 200
_THREADS = 8


def remove_objects(database: Database, store: Store) -> int:
    """Remove the objects of up to 200 deleted images, and of as many whose original or result alone was deleted.

    Return the number of images. An image for which a worker may still store a result is visited again later.
    """
    whole = _process(database, "claim_deleted_images", "finish_removal", lambda row: _remove_image(store, row))
    parts = _process(database, "claim_deleted_parts", "confirm_removal_of_parts", lambda row: _remove_parts(store, row))
    return whole + parts


def _process(database: Database, claim: str, finish: str, remove: Callable[[Row], int]) -> int:
    with database.transaction() as transaction:
        rows = transaction.all(claim, limit=_AT_ONCE)
        if rows:
            with ThreadPoolExecutor(_THREADS) as threads:
                removed = list(threads.map(remove, rows))
            _finish(transaction, finish, rows, removed)
    return len(rows)


def _finish(transaction: Transaction, finish: str, rows: Sequence[Row], removed: Sequence[int]) -> None:
    by_deletion: dict[UUID, list[tuple[UUID, int]]] = {}
    for row, count in zip(rows, removed, strict=True):
        by_deletion.setdefault(row["deletion_id"], []).append((row["image_id"], count))
    for deletion_id, images in sorted(by_deletion.items()):
        transaction.run("lock_deletion", deletion_id=deletion_id)
        transaction.run(finish, deletion_id=deletion_id, image_ids=[image_id for image_id, _ in images])
        transaction.run("complete_deletion", deletion_id=deletion_id, removed=sum(count for _, count in images))


def _remove_image(store: Store, row: Row) -> int:
    """Remove everything under the image's id, including results that no row ever named."""
    return store.remove_under(ImageBucket.ORIGINALS, row["original_key"]) + store.remove_under(
        ImageBucket.RESULTS, f"{row['image_id']}/"
    )


def _remove_parts(store: Store, row: Row) -> int:
    """Remove the original or this one result, with previews. A newer result stays."""
    removed = 0
    if row["original_key"] is not None:
        removed += store.remove_under(ImageBucket.ORIGINALS, row["original_key"])
    if row["result_key"] is not None:
        removed += store.remove_under(ImageBucket.RESULTS, f"{stem_of(row['result_key'])}.")
    return removed

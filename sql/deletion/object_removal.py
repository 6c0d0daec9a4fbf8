"""Removing the objects of deleted images from the store, and checking that they are gone.

Rows are claimed under a lock, so any number of processes can share the work. An image whose objects the store refuses
to remove is postponed, with a growing pause, and keeps no other image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import structlog

from blurline.errors import StoreRefused, StoreUnavailable
from blurline.storage.inventory import ImageBucket, stem_of
from blurline.storage.store import Removal, Store
from sql.engine.database import Database, Row, Transaction

log = structlog.get_logger()

_AT_ONCE = 200
_THREADS = 8
_PAUSE_S = 5
_LONGEST_PAUSE_S = 3600
_LONGEST_PAUSE_OF_OUTAGE_S = 60
_IS_AWAY = 16  # so many removals in a row without an answer mean that the store is away
_MAX_ERROR = 300


@dataclass(frozen=True, slots=True)
class RemovalRound:
    """How many deleted images have no object in the store any more, and how many were postponed."""

    removed: int
    postponed: int

    @property
    def tried(self) -> int:
        """How many images were tried. 0 when none is due."""
        return self.removed + self.postponed


def remove_objects(database: Database, store: Store) -> RemovalRound:
    """Remove the objects of up to 200 deleted images, and of as many whose original or result alone was deleted.

    An image for which a worker may still store a result is visited again later. Raises StoreUnavailable when the store
    does not answer at all.
    """
    whole = _process(database, "claim_deleted_images", "finish_removal", lambda row: _remove_image(store, row))
    parts = _process(database, "claim_deleted_parts", "confirm_removal_of_parts", lambda row: _remove_parts(store, row))
    return RemovalRound(whole.removed + parts.removed, whole.postponed + parts.postponed)


def _process(database: Database, claim: str, finish: str, remove: Callable[[Row], Removal]) -> RemovalRound:
    with database.transaction() as transaction:
        rows = transaction.all(claim, limit=_AT_ONCE)
        if not rows:
            return RemovalRound(0, 0)
        tried = _try_all(rows, remove)
        _finish(transaction, finish, tried)
    if len(tried) < len(rows):
        raise next(removal.error for _, removal in tried if removal.error is not None)
    removed = sum(removal.error is None for _, removal in tried)
    return RemovalRound(removed, len(tried) - removed)


def _try_all(rows: Sequence[Row], remove: Callable[[Row], Removal]) -> list[tuple[Row, Removal]]:
    """The removals of the rows. Those that are left when the store seems to be away are not among them."""
    unanswered: list[StoreUnavailable] = []

    def attempt(row: Row) -> Removal | None:
        if len(unanswered) >= _IS_AWAY:
            return None
        try:
            removal = remove(row)
        except StoreUnavailable as error:
            removal = Removal(0, error)
        if removal.error is None or isinstance(removal.error, StoreRefused):
            unanswered.clear()
        else:
            unanswered.append(removal.error)
        return removal

    with ThreadPoolExecutor(_THREADS) as threads:
        removals = list(threads.map(attempt, rows))
    return [(row, removal) for row, removal in zip(rows, removals, strict=True) if removal is not None]


def _finish(transaction: Transaction, finish: str, tried: Sequence[tuple[Row, Removal]]) -> None:
    def of_deletion(each: tuple[Row, Removal]) -> UUID:
        deletion_id: UUID = each[0]["deletion_id"]
        return deletion_id

    for deletion_id, group in groupby(sorted(tried, key=of_deletion), of_deletion):
        removals = {row["image_id"]: removal for row, removal in group}
        done = [image_id for image_id, removal in removals.items() if removal.error is None]
        transaction.run("lock_deletion", deletion_id=deletion_id)
        transaction.run(finish, deletion_id=deletion_id, image_ids=done)
        transaction.run("forget_failures", deletion_id=deletion_id, image_ids=done)
        _postpone(transaction, deletion_id, removals)
        removed = sum(removal.objects for removal in removals.values())
        transaction.run("complete_deletion", deletion_id=deletion_id, removed=removed)


def _postpone(transaction: Transaction, deletion_id: UUID, removals: dict[UUID, Removal]) -> None:
    for longest_s, is_refusal in ((_LONGEST_PAUSE_S, True), (_LONGEST_PAUSE_OF_OUTAGE_S, False)):
        failed = {
            image_id: str(removal.error)[:_MAX_ERROR]
            for image_id, removal in removals.items()
            if removal.error is not None and isinstance(removal.error, StoreRefused) is is_refusal
        }
        if not failed:
            continue
        transaction.run(
            "postpone_removals",
            deletion_id=deletion_id,
            image_ids=list(failed),
            errors=list(failed.values()),
            pause_s=_PAUSE_S,
            longest_pause_s=longest_s,
        )
        error = next(iter(failed.values()))
        log.warning("removal_postponed", deletion_id=str(deletion_id), images=len(failed), error=error)


def _remove_image(store: Store, row: Row) -> Removal:
    """Remove everything under the image's id, including results that no row ever named."""
    return store.remove_under(ImageBucket.ORIGINALS, row["original_key"]) + store.remove_under(
        ImageBucket.RESULTS, f"{row['image_id']}/"
    )


def _remove_parts(store: Store, row: Row) -> Removal:
    """Remove the original or this one result, with previews. A newer result stays."""
    removal = Removal()
    if row["original_key"] is not None:
        removal += store.remove_under(ImageBucket.ORIGINALS, row["original_key"])
    if row["result_key"] is not None:
        removal += store.remove_under(ImageBucket.RESULTS, f"{stem_of(row['result_key'])}.")
    return removal

"""Deleting jobs and images: rows at once, objects of the store soon after, and a receipt that says when it was done.

A worker that is busy with a deleted image can publish nothing, because the row that it would publish to is gone; a
result that it stores all the same is removed in a second pass, when no attempt can still be at work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from blurline.ids import new_id
from blurline.settings import Settings
from sql.database import Database, Transaction

_GRACE_S = 300


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was deleted, by whom, and (once ``completed_at`` is set) that nothing of it is left."""

    id: UUID
    owner: str
    job_id: UUID
    image_id: UUID | None
    requested_by: str
    images: int
    objects_removed: int
    created_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Doomed:
    """A deleted image whose objects are to be removed: its original, and every result below its id."""

    deletion_id: UUID
    image_id: UUID
    original_key: str


@dataclass(frozen=True, slots=True)
class Patience:
    """How long after a deletion something of it may still be stored: by an attempt at work, by whoever holds the form
    of an upload."""

    attempt_s: float
    upload_s: float


def patience(settings: Settings) -> Patience:
    """What the settings say of it."""
    return Patience(settings.attempt_deadline_s + _GRACE_S, settings.upload_ttl_s + _GRACE_S)


def delete_job(
    database: Database, owner: str | None, job_id: UUID, requested_by: str, still: Patience
) -> tuple[Receipt, list[UUID]] | None:
    """Delete a job and everything of it: the receipt, and the flow runs that are at work on it.

    None when there is no such job of the owner's (None: anyone's).
    """
    with database.transaction() as transaction:
        if transaction.one("job_of_owner", owner=owner, job_id=job_id) is None:
            return None
        # In the order in which others lock: a cancellation the outbox and then the images, whoever settles an image the
        # image and then its job. What was put into the outbox in between goes below.
        transaction.run("drop_outbox_of_job", job_id=job_id)
        transaction.run("lock_images_of_job", job_id=job_id)
        job = transaction.one("lock_job", job_id=job_id)
        if job is None:
            return None
        transaction.run("drop_outbox_of_job", job_id=job_id)
        flow_runs = [row["flow_run_id"] for row in transaction.all("flow_runs_at_work", job_id=job_id)]
        receipt = _write_receipt(transaction, job["owner"], job_id, None, requested_by, still)
        transaction.run("delete_job", job_id=job_id)
        transaction.run("tell_of_deletion", owner=job["owner"], type="job.deleted", job_id=job_id, image_id=None)
    return receipt, flow_runs


def delete_image(
    database: Database, owner: str | None, image_id: UUID, requested_by: str, still: Patience
) -> Receipt | None:
    """Delete an image and everything of it. None when there is no such image of the owner's (None: anyone's)."""
    with database.transaction() as transaction:
        image = transaction.one("lock_image", owner=owner, image_id=image_id)
        if image is None:
            return None
        job_id = image["job_id"]
        receipt = _write_receipt(transaction, image["owner"], job_id, image_id, requested_by, still)
        transaction.run("delete_image", image_id=image_id)
        transaction.run(
            "tell_of_deletion", owner=image["owner"], type="image.deleted", job_id=job_id, image_id=image_id
        )
    return receipt


def find_receipt(database: Database, owner: str | None, deletion_id: UUID) -> Receipt | None:
    """The receipt, if the owner may see it."""
    with database.transaction() as transaction:
        row = transaction.one("deletion", owner=owner, deletion_id=deletion_id)
    return Receipt(**row) if row else None


def remove_objects(database: Database, remove: Callable[[Iterable[Doomed]], int], limit: int = 200) -> int:
    """Hand up to ``limit`` deleted images to ``remove``, which returns how many objects it removed; how many images.

    The rows are locked meanwhile, so that replicas share the work. When ``remove`` raises, they stay for the next time.
    """
    with database.transaction() as transaction:
        rows = transaction.all("claim_deleted_images", limit=limit)
        by_deletion: dict[UUID, list[Doomed]] = {}
        for row in rows:
            by_deletion.setdefault(row["deletion_id"], []).append(Doomed(**row))
        for deletion_id, doomed in sorted(by_deletion.items()):
            removed = remove(doomed)
            transaction.run(
                "settle_deleted_images",
                deletion_id=deletion_id,
                image_ids=[each.image_id for each in doomed],
            )
            transaction.run("complete_deletion", deletion_id=deletion_id, removed=removed)
    return len(rows)


def _write_receipt(
    transaction: Transaction,
    owner: str,
    job_id: UUID,
    image_id: UUID | None,
    requested_by: str,
    still: Patience,
) -> Receipt:
    row = transaction.one(
        "insert_deletion", id=new_id(), owner=owner, job_id=job_id, image_id=image_id, requested_by=requested_by
    )
    assert row is not None
    transaction.run("doom_images", deletion_id=row["id"], job_id=job_id, image_id=image_id, **asdict(still))
    transaction.run("notify_deletions")
    return Receipt(**row)

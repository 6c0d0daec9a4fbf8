"""Deleting jobs and images: their rows at once, their objects in the store soon after, documented by a receipt.

A worker that processes a deleted image cannot publish, because the image's row is gone. If it still stores a result,
a second pass removes it once no attempt can be running any more. A legal hold prevents deletion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from blurline.ids import new_id
from blurline.settings import Settings
from sql.deletion.legal_holds import check_not_held
from sql.engine.database import Database, Transaction
from sql.imports.destinations import withdraw_results
from sql.jobs.cancellations import request_cancellation

Parts = Literal["all", "originals", "results"]
Reason = Literal["requested", "expired"]

_GRACE_S = 300
_DELETED = "What it was to process was deleted."


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was deleted, by whom and why. Once ``completed_at`` is set, no object of it is left."""

    id: UUID
    owner: str
    job_id: UUID
    image_id: UUID | None
    requested_by: str
    images: int
    objects_removed: int
    created_at: datetime
    completed_at: datetime | None
    parts: Parts
    reason: Reason


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """The record of a deleted image: what was deleted, what stays known about it, and when the store was checked.

    ``confirmed_at`` is None until the store has been asked and holds none of its objects.
    """

    image_id: UUID
    original_key: str | None
    result_key: str | None
    record: dict[str, Any]
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class GracePeriods:
    """How long after a deletion an object of it may still arrive: from a running attempt, or through an upload form."""

    attempt_s: float
    upload_s: float


@dataclass(frozen=True, slots=True)
class PendingDeletion:
    """A deletion to write: of a job, or of one of its images."""

    owner: str
    job_id: UUID
    image_id: UUID | None
    requested_by: str
    audit_days: float | None
    parts: Parts = "all"
    reason: Reason = "requested"


def grace_periods(settings: Settings) -> GracePeriods:
    """The grace periods that follow from the settings."""
    return GracePeriods(settings.scheduling.attempt_deadline_s + _GRACE_S, settings.store.upload_ttl_s + _GRACE_S)


def delete_job(
    database: Database, owner: str | None, job_id: UUID, requested_by: str, grace: GracePeriods
) -> Receipt | None:
    """Delete a job with its images, and cancel its flow runs. Return the receipt.

    None when the owner (None: any owner) has no such job. Raises OnHold.
    """
    with database.transaction() as transaction:
        if transaction.one("job_of_owner", owner=owner, job_id=job_id) is None:
            return None
        # The same lock order as elsewhere: a cancellation locks the outbox and then the images, a publication the image
        # and then its job. Batches that enter the outbox in between are dropped below.
        transaction.run("drop_outbox_of_job", job_id=job_id)
        image_ids = [row["id"] for row in transaction.all("lock_images_of_job", job_id=job_id)]
        job = transaction.one("lock_job", job_id=job_id)
        if job is None:
            return None
        check_not_held(transaction, job_id)
        transaction.run("drop_outbox_of_job", job_id=job_id)
        open_batches = [row["batch_id"] for row in transaction.all("open_batches_of_job", job_id=job_id)]
        request_cancellation(transaction, open_batches, _DELETED)
        pending = PendingDeletion(job["owner"], job_id, None, requested_by, job["audit_days"])
        receipt = write_deletion(transaction, pending, image_ids, grace)
        transaction.run("delete_job", job_id=job_id)
        transaction.run("add_deletion_event", owner=job["owner"], type="job.deleted", job_id=job_id, image_id=None)
    return receipt


def delete_image(
    database: Database, owner: str | None, image_id: UUID, requested_by: str, grace: GracePeriods
) -> Receipt | None:
    """Delete an image. Return the receipt, or None when the owner (None: any owner) has no such image.

    Raises OnHold.
    """
    with database.transaction() as transaction:
        image = transaction.one("lock_image", owner=owner, image_id=image_id)
        if image is None:
            return None
        job_id = image["job_id"]
        job = transaction.one("share_job", job_id=job_id)
        assert job is not None
        check_not_held(transaction, job_id, image_id)
        pending = PendingDeletion(image["owner"], job_id, image_id, requested_by, job["audit_days"])
        receipt = write_deletion(transaction, pending, [image_id], grace)
        open_batches = [row["batch_id"] for row in transaction.all("open_batch_of_image", image_id=image_id)]
        request_cancellation(transaction, open_batches, _DELETED)
        transaction.run("delete_images", image_ids=[image_id])
        transaction.run(
            "add_deletion_event", owner=image["owner"], type="image.deleted", job_id=job_id, image_id=image_id
        )
    return receipt


def write_deletion(
    transaction: Transaction, pending: PendingDeletion, image_ids: Sequence[UUID], grace: GracePeriods
) -> Receipt:
    """Write the receipt, a record of each image, and the objects to remove. The caller has locked the images."""
    deletion_id = new_id()
    transaction.run("insert_deletion", id=deletion_id, images=len(image_ids), **asdict(pending))
    ids = list(image_ids)
    transaction.run("insert_image_records", deletion_id=deletion_id, parts=pending.parts, image_ids=ids)
    if pending.parts == "all":
        transaction.run("schedule_object_removal", deletion_id=deletion_id, image_ids=ids, **asdict(grace))
    if pending.reason == "requested":
        withdraw_results(transaction, ids)
    transaction.run("notify_deletions")
    receipt = _receipt(transaction, None, deletion_id)
    assert receipt is not None
    return receipt


def find_receipt(database: Database, owner: str | None, deletion_id: UUID) -> Receipt | None:
    """The receipt, or None when the owner (None: any owner) has no such deletion."""
    with database.transaction() as transaction:
        return _receipt(transaction, owner, deletion_id)


def list_image_records(database: Database, deletion_id: UUID) -> list[ImageRecord]:
    """The records of a deletion's images. Empty for a deletion that release 0.1.0 made."""
    with database.transaction() as transaction:
        return [ImageRecord(**row) for row in transaction.all("image_records", deletion_id=deletion_id)]


def _receipt(transaction: Transaction, owner: str | None, deletion_id: UUID) -> Receipt | None:
    row = transaction.one("deletion", owner=owner, deletion_id=deletion_id)
    return Receipt(**row) if row else None

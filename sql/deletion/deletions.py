"""Deleting jobs and images: rows at once, objects of the store soon after, and a receipt that says when it was done.

A worker that is busy with a deleted image can publish nothing, because the row that it would publish to is gone; a
result that it stores all the same is removed in a second pass, when no attempt can still be at work. What a hold
forbids to delete stays.
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

Parts = Literal["all", "originals", "results"]
Reason = Literal["requested", "expired"]

_GRACE_S = 300


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was deleted, by whom and why, and (once ``completed_at`` is set) that nothing of it is left."""

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
class Erasure:
    """What was deleted of an image, what is kept of it as a record, and when the store was asked and had no more."""

    image_id: UUID
    original_key: str | None
    result_key: str | None
    record: dict[str, Any]
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long after a deletion something of it may still be stored: by an attempt at work, by whoever holds the form
    of an upload."""

    attempt_s: float
    upload_s: float


@dataclass(frozen=True, slots=True)
class Doom:
    """A deletion that is about to be written: of a job, or of one of its images."""

    owner: str
    job_id: UUID
    image_id: UUID | None
    requested_by: str
    audit_days: float | None
    parts: Parts = "all"
    reason: Reason = "requested"


def patience(settings: Settings) -> Patience:
    """What the settings say of it."""
    return Patience(settings.attempt_deadline_s + _GRACE_S, settings.upload_ttl_s + _GRACE_S)


def delete_job(
    database: Database, owner: str | None, job_id: UUID, requested_by: str, still: Patience
) -> tuple[Receipt, list[UUID]] | None:
    """Delete a job and everything of it: the receipt, and the flow runs that are at work on it.

    None when there is no such job of the owner's (None: anyone's). Raises OnHold.
    """
    with database.transaction() as transaction:
        if transaction.one("job_of_owner", owner=owner, job_id=job_id) is None:
            return None
        # In the order in which others lock: a cancellation the outbox and then the images, whoever settles an image the
        # image and then its job. What was put into the outbox in between goes below.
        transaction.run("drop_outbox_of_job", job_id=job_id)
        image_ids = [row["id"] for row in transaction.all("lock_images_of_job", job_id=job_id)]
        job = transaction.one("lock_job", job_id=job_id)
        if job is None:
            return None
        check_not_held(transaction, job_id)
        transaction.run("drop_outbox_of_job", job_id=job_id)
        flow_runs = [row["flow_run_id"] for row in transaction.all("flow_runs_at_work", job_id=job_id)]
        doom = Doom(job["owner"], job_id, None, requested_by, job["audit_days"])
        receipt = write_deletion(transaction, doom, image_ids, still)
        transaction.run("delete_job", job_id=job_id)
        transaction.run("tell_of_deletion", owner=job["owner"], type="job.deleted", job_id=job_id, image_id=None)
    return receipt, flow_runs


def delete_image(
    database: Database, owner: str | None, image_id: UUID, requested_by: str, still: Patience
) -> Receipt | None:
    """Delete an image and everything of it. None when there is no such image of the owner's (None: anyone's).

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
        doom = Doom(image["owner"], job_id, image_id, requested_by, job["audit_days"])
        receipt = write_deletion(transaction, doom, [image_id], still)
        transaction.run("delete_images", image_ids=[image_id])
        transaction.run(
            "tell_of_deletion", owner=image["owner"], type="image.deleted", job_id=job_id, image_id=image_id
        )
    return receipt


def write_deletion(transaction: Transaction, doom: Doom, image_ids: Sequence[UUID], still: Patience) -> Receipt:
    """Write the receipt, the record of each image, and what the store is to be rid of. The images are locked."""
    deletion_id = new_id()
    transaction.run("insert_deletion", id=deletion_id, images=len(image_ids), **asdict(doom))
    ids = list(image_ids)
    transaction.run("insert_erasures", deletion_id=deletion_id, parts=doom.parts, image_ids=ids)
    if doom.parts == "all":
        transaction.run("doom_images", deletion_id=deletion_id, image_ids=ids, **asdict(still))
    transaction.run("notify_deletions")
    receipt = _receipt(transaction, None, deletion_id)
    assert receipt is not None
    return receipt


def find_receipt(database: Database, owner: str | None, deletion_id: UUID) -> Receipt | None:
    """The receipt, if the owner may see it."""
    with database.transaction() as transaction:
        return _receipt(transaction, owner, deletion_id)


def list_erasures(database: Database, deletion_id: UUID) -> list[Erasure]:
    """What a deletion was of, image by image; nothing where an earlier version has made it."""
    with database.transaction() as transaction:
        return [Erasure(**row) for row in transaction.all("erasures", deletion_id=deletion_id)]


def _receipt(transaction: Transaction, owner: str | None, deletion_id: UUID) -> Receipt | None:
    row = transaction.one("deletion", owner=owner, deletion_id=deletion_id)
    return Receipt(**row) if row else None

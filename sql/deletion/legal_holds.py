"""Legal holds: an operator prevents the deletion of an image, a job or everything of an owner, with a reason, until an
operator releases it.

Placing a hold locks the job's row, or the owner. A deletion, and an attempt that replaces a result, take a lock that
conflicts with it and then look for holds, so the transaction that comes first decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from blurline.errors import PermanentError
from blurline.ids import new_id
from blurline.storage.store import SubmittedOriginal
from sql.engine.database import Database, Row, Transaction


class OnHold(PermanentError):
    """A legal hold prevents the deletion of the job or the image."""

    code = "on_hold"


@dataclass(frozen=True, slots=True)
class LegalHold:
    """A hold on a job, (with ``image_id``) on one image, or (with ``owner``) on all jobs of an owner: who placed it,
    when and why, and who released it. ``job_id`` is None for an owner, except in the list of one job."""

    id: UUID
    job_id: UUID | None
    image_id: UUID | None
    owner: str | None
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None
    released_at: datetime | None


def hold_job(database: Database, job_id: UUID, reason: str, placed_by: str) -> LegalHold | None:
    """Place a hold on a job with all its images. It replaces the job's present hold. None when there is no such job."""
    with database.transaction() as transaction:
        if transaction.one("lock_job", job_id=job_id) is None:
            return None
        return _place(transaction, job_id, None, reason, placed_by)


def hold_image(database: Database, image_id: UUID, reason: str, placed_by: str) -> LegalHold | None:
    """Place a hold on an image. It replaces the image's present hold. None when there is no such image."""
    with database.transaction() as transaction:
        image = transaction.one("lock_image", owner=None, image_id=image_id)
        if image is None or transaction.one("lock_job", job_id=image["job_id"]) is None:
            return None
        return _place(transaction, image["job_id"], image_id, reason, placed_by)


def hold_owner(database: Database, owner: str, reason: str, placed_by: str) -> LegalHold:
    """Place a hold on everything of an owner, present and future. It replaces the owner's present hold."""
    with database.transaction() as transaction:
        transaction.one("lock_owner", owner=owner)
        transaction.one("release_owner_hold", owner=owner, released_by=placed_by)
        placed = {"id": new_id(), "reason": reason, "placed_by": placed_by}
        return _inserted(transaction.one("insert_owner_hold", owner=owner, **placed))


def release(database: Database, subject_id: UUID, released_by: str) -> LegalHold | None:
    """Release the hold on a job or an image. None when it has no hold of its own."""
    return _released(database, "release_hold", subject_id=subject_id, released_by=released_by)


def release_owner(database: Database, owner: str, released_by: str) -> LegalHold | None:
    """Release the hold on an owner. None when there is none."""
    return _released(database, "release_owner_hold", owner=owner, released_by=released_by)


def list_holds(database: Database, job_id: UUID) -> list[LegalHold]:
    """Every present and released hold on a job, its images and its owner, oldest first."""
    return _listed(database, "holds_of_job", job_id=job_id)


def list_owner_holds(database: Database, owner: str) -> list[LegalHold]:
    """Every present and released hold on an owner, oldest first."""
    return _listed(database, "holds_of_owner", owner=owner)


def list_replaceable_originals(database: Database, hold: LegalHold, upload_s: float) -> list[SubmittedOriginal]:
    """The originals under the hold that upload forms, valid up to ``upload_s`` after submission, can still replace."""
    with database.transaction() as transaction:
        subject = {"job_id": hold.job_id, "image_id": hold.image_id, "owner": hold.owner}
        rows = transaction.all("replaceable_originals", **subject, upload_s=upload_s)
    return [SubmittedOriginal(**row) for row in rows]


def check_not_held(transaction: Transaction, job_id: UUID, image_id: UUID | None = None) -> None:
    """Raise OnHold when the job is on hold, or the image, or (None) any of its images. The job is locked."""
    found = _in_force(transaction, job_id, image_id)
    if found is not None:
        what = "The job" if found["image_id"] is None else f"The image {found['image_id']}"
        if found["owner"] is not None:
            what = "The job's owner"
        raise OnHold(f"{what} is under a legal hold and cannot be deleted. Ask an operator to release the hold.")


def is_protected(transaction: Transaction, job_id: UUID, image_id: UUID) -> bool:
    """Whether a hold protects the image, which is locked. None can be placed until the transaction ends."""
    transaction.one("share_job", job_id=job_id)
    return _in_force(transaction, job_id, image_id) is not None


def _place(transaction: Transaction, job_id: UUID, image_id: UUID | None, reason: str, placed_by: str) -> LegalHold:
    transaction.one("release_hold", subject_id=image_id or job_id, released_by=placed_by)
    placed = {"id": new_id(), "reason": reason, "placed_by": placed_by}
    return _inserted(transaction.one("insert_hold", job_id=job_id, image_id=image_id, **placed))


def _inserted(row: Row | None) -> LegalHold:
    assert row is not None
    return LegalHold(**row)


def _released(database: Database, statement: str, **parameters: UUID | str) -> LegalHold | None:
    with database.transaction() as transaction:
        row = transaction.one(statement, **parameters)
    return LegalHold(**row) if row else None


def _listed(database: Database, statement: str, **parameters: UUID | str) -> list[LegalHold]:
    with database.transaction() as transaction:
        return [LegalHold(**row) for row in transaction.all(statement, **parameters)]


def _in_force(transaction: Transaction, job_id: UUID, image_id: UUID | None) -> Row | None:
    """A hold in force. None can be placed on the owner until the transaction ends."""
    transaction.all("share_owners", job_ids=[job_id])
    return transaction.one("hold_in_force", job_id=job_id, image_id=image_id)

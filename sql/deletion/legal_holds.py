"""Legal holds: an operator prevents the deletion of a job or an image, with a reason, until an operator releases it.

Placing a hold locks the job's row. A deletion takes a lock that conflicts with it and then looks for holds, so the
transaction that comes first decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from blurline.errors import PermanentError
from blurline.ids import new_id
from blurline.storage.store import SubmittedOriginal
from sql.engine.database import Database, Transaction


class OnHold(PermanentError):
    """A legal hold prevents the deletion of the job or the image."""

    code = "on_hold"


@dataclass(frozen=True, slots=True)
class LegalHold:
    """A hold on a job or (with ``image_id``) on one image: who placed it, when and why, and who released it."""

    id: UUID
    job_id: UUID
    image_id: UUID | None
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


def release(database: Database, subject_id: UUID, released_by: str) -> LegalHold | None:
    """Release the hold on a job or an image. None when it has no hold of its own."""
    with database.transaction() as transaction:
        row = transaction.one("release_hold", subject_id=subject_id, released_by=released_by)
    return LegalHold(**row) if row else None


def list_holds(database: Database, job_id: UUID) -> list[LegalHold]:
    """Every present and released hold on a job and its images, oldest first."""
    with database.transaction() as transaction:
        return [LegalHold(**row) for row in transaction.all("holds_of_job", job_id=job_id)]


def list_replaceable_originals(database: Database, hold: LegalHold, upload_s: float) -> list[SubmittedOriginal]:
    """The originals under the hold that upload forms, valid up to ``upload_s`` after submission, can still replace."""
    with database.transaction() as transaction:
        rows = transaction.all("replaceable_originals", job_id=hold.job_id, image_id=hold.image_id, upload_s=upload_s)
    return [SubmittedOriginal(**row) for row in rows]


def check_not_held(transaction: Transaction, job_id: UUID, image_id: UUID | None = None) -> None:
    """Raise OnHold when the job is on hold, or the image, or (None) any of its images. The job is locked."""
    found = transaction.one("hold_in_force", job_id=job_id, image_id=image_id)
    if found is not None:
        what = "The job" if found["image_id"] is None else f"The image {found['image_id']}"
        raise OnHold(f"{what} is under a legal hold and cannot be deleted. Ask an operator to release the hold.")


def _place(transaction: Transaction, job_id: UUID, image_id: UUID | None, reason: str, placed_by: str) -> LegalHold:
    transaction.one("release_hold", subject_id=image_id or job_id, released_by=placed_by)
    row = transaction.one(
        "insert_hold", id=new_id(), job_id=job_id, image_id=image_id, reason=reason, placed_by=placed_by
    )
    assert row is not None
    return LegalHold(**row)

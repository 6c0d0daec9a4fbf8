"""Legal holds: an operator forbids to delete a job or an image, with a reason, until an operator releases it.

Who places a hold locks the job's row, and who deletes shares it and then looks for holds: whoever is first is heeded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from blurline.errors import PermanentError
from blurline.ids import new_id
from sql.engine.database import Database, Transaction


class OnHold(PermanentError):
    """A hold forbids to delete the job or the image."""

    code = "on_hold"


@dataclass(frozen=True, slots=True)
class Hold:
    """Who has forbidden, when and why, to delete a job or (``image_id``) an image; and who has released it."""

    id: UUID
    job_id: UUID
    image_id: UUID | None
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None
    released_at: datetime | None


def hold_job(database: Database, job_id: UUID, reason: str, placed_by: str) -> Hold | None:
    """Put a job with all of its images on hold, in place of the hold that it is on. None when there is no such job."""
    with database.transaction() as transaction:
        if transaction.one("lock_job", job_id=job_id) is None:
            return None
        return _place(transaction, job_id, None, reason, placed_by)


def hold_image(database: Database, image_id: UUID, reason: str, placed_by: str) -> Hold | None:
    """Put an image on hold, in place of the hold that it is on. None when there is no such image."""
    with database.transaction() as transaction:
        image = transaction.one("lock_image", owner=None, image_id=image_id)
        if image is None or transaction.one("lock_job", job_id=image["job_id"]) is None:
            return None
        return _place(transaction, image["job_id"], image_id, reason, placed_by)


def release(database: Database, subject_id: UUID, released_by: str) -> Hold | None:
    """Release the hold on a job or an image. None when it is on none of its own."""
    with database.transaction() as transaction:
        row = transaction.one("release_hold", subject_id=subject_id, released_by=released_by)
    return Hold(**row) if row else None


def list_holds(database: Database, job_id: UUID) -> list[Hold]:
    """Every hold that a job or an image of it is or was on, oldest first."""
    with database.transaction() as transaction:
        return [Hold(**row) for row in transaction.all("holds_of_job", job_id=job_id)]


def check_not_held(transaction: Transaction, job_id: UUID, image_id: UUID | None = None) -> None:
    """Raise OnHold when the job is on hold, or the image, or (None) any image of the job. The job's row is locked."""
    found = transaction.one("hold_in_force", job_id=job_id, image_id=image_id)
    if found is not None:
        what = "The job" if found["image_id"] is None else f"The image {found['image_id']}"
        raise OnHold(f"{what} is on hold and may not be deleted. An operator can release it.")


def _place(transaction: Transaction, job_id: UUID, image_id: UUID | None, reason: str, placed_by: str) -> Hold:
    transaction.one("release_hold", subject_id=image_id or job_id, released_by=placed_by)
    row = transaction.one(
        "insert_hold", id=new_id(), job_id=job_id, image_id=image_id, reason=reason, placed_by=placed_by
    )
    assert row is not None
    return Hold(**row)

"""Reading jobs and images for the people who ask for them. An ``owner`` of None sees everyone's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sql.database import Database, Row


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job and how many of its images are in which state."""

    id: UUID
    owner: str
    policy: dict[str, Any]
    created_at: datetime
    images: int
    queued: int
    processing: int
    published: int
    needs_review: int
    failed: int
    deleted: int


@dataclass(frozen=True, slots=True)
class ImageRow:
    """An image; the columns are those of the table ``images``."""

    id: UUID
    job_id: UUID
    owner: str
    position: int
    name: str
    state: str
    original_bytes: int
    error_code: str | None
    error_message: str | None
    result_attempt_id: UUID | None
    result_key: str | None
    result_media_type: str | None
    result_bytes: int | None
    result_sha256: str | None
    original_sha256: str | None
    width_px: int | None
    height_px: int | None
    frames: int | None
    faces: int | None
    doubt: float | None
    doubt_reasons: dict[str, int] | None
    notes: list[dict[str, str]]
    policy: dict[str, Any] | None
    model: dict[str, Any] | None
    processing_ms: float | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class DetectionRow:
    """A detected box in pixels of the upright photograph; not destroyed when under the threshold."""

    frame: int
    x1: float
    y1: float
    x2: float
    y2: float
    score: float
    destroyed: bool


@dataclass(frozen=True, slots=True)
class StatisticsRow:
    """Images of one state and error code: how many, with how many faces, and how long one took on average."""

    state: str
    error_code: str | None
    images: int
    faces: int
    mean_processing_ms: float


def list_jobs(database: Database, owner: str | None, limit: int, before: UUID | None = None) -> list[JobRow]:
    """Newest first, those older than the job ``before``."""
    with database.transaction() as transaction:
        rows = transaction.all("jobs", owner=owner, job_id=None, before=before, limit=limit)
    return [JobRow(**row) for row in rows]


def find_job(database: Database, owner: str | None, job_id: UUID) -> JobRow | None:
    """The job, if the owner may see it."""
    with database.transaction() as transaction:
        row = transaction.one("jobs", owner=owner, job_id=job_id, before=None, limit=1)
    return JobRow(**row) if row else None


def list_images_of_job(database: Database, job_id: UUID, limit: int, after: int = -1) -> list[ImageRow]:
    """Images of a job in the order they were submitted, those behind the position ``after``."""
    with database.transaction() as transaction:
        return [_image(row) for row in transaction.all("images_of_job", job_id=job_id, after=after, limit=limit)]


def list_images_of_owner(database: Database, owner: str, limit: int, before: UUID | None = None) -> list[ImageRow]:
    """Newest first, those older than the image ``before``."""
    with database.transaction() as transaction:
        return [_image(row) for row in transaction.all("images_of_owner", owner=owner, before=before, limit=limit)]


def find_image(database: Database, owner: str | None, image_id: UUID) -> ImageRow | None:
    """The image, if the owner may see it."""
    with database.transaction() as transaction:
        row = transaction.one("image", owner=owner, image_id=image_id)
    return _image(row) if row else None


def list_detections(database: Database, attempt_id: UUID) -> list[DetectionRow]:
    """What an attempt found, best first."""
    with database.transaction() as transaction:
        return [DetectionRow(**row) for row in transaction.all("detections", attempt_id=attempt_id)]


def statistics(database: Database, owner: str | None, since: datetime, until: datetime) -> list[StatisticsRow]:
    """Figures over the images submitted from ``since`` up to ``until``, by state and error code."""
    with database.transaction() as transaction:
        rows = transaction.all("statistics", owner=owner, since=since, until=until)
    return [StatisticsRow(**row) for row in rows]


def ping(database: Database) -> None:
    """Raise DatabaseUnavailable unless the database answers."""
    with database.transaction() as transaction:
        transaction.one("ping")


def _image(row: Row) -> ImageRow:
    return ImageRow(**{name: row[name] for name in ImageRow.__slots__})

"""Queries of jobs and images. An ``owner`` of None selects every owner's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from sql.engine.database import Database, Row, SortOrder, Transaction


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job, with the number of its images in each state."""

    id: UUID
    owner: str
    policy: dict[str, Any]
    preset: str | None
    labels: dict[str, str]
    retention: dict[str, float]
    created_at: datetime
    finished_at: datetime | None
    images: int
    queued: int
    processing: int
    published: int
    needs_review: int
    failed: int
    deleted: int
    first_image_id: UUID | None
    first_image_name: str | None


@dataclass(frozen=True, slots=True)
class ImageRow:
    """An image, with columns of the table ``images`` and of the attempt that made its result."""

    id: UUID
    job_id: UUID
    owner: str
    position: int
    name: str
    state: str
    open_attempt_id: UUID | None
    original_key: str
    original_etag: str | None
    original_bytes: int
    error_code: str | None
    error_message: str | None
    result_attempt_id: UUID | None
    refused_attempt_id: UUID | None
    result_key: str | None
    result_media_type: str | None
    result_bytes: int | None
    result_sha256: str | None
    original_sha256: str | None
    source: str | None
    source_key: str | None
    original_gone_at: datetime | None
    original_gone_why: str | None
    result_gone_at: datetime | None
    result_gone_why: str | None
    width_px: int | None
    height_px: int | None
    frames: int | None
    faces: int | None
    others_found: dict[str, int] | None
    doubt: float | None
    doubt_reasons: dict[str, int] | None
    notes: list[dict[str, str]]
    policy: dict[str, Any] | None
    model: dict[str, Any] | None
    blurline_version: str | None
    processing_ms: float | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class DetectionRow:
    """A detected box in pixels of the upright photograph, and its class. A box below the threshold is not destroyed."""

    frame: int
    x1: float
    y1: float
    x2: float
    y2: float
    score: float
    destroyed: bool
    class_name: str


@dataclass(frozen=True, slots=True)
class StatisticsRow:
    """Counts and mean processing time of the images with one state and error code."""

    state: str
    error_code: str | None
    images: int
    faces: int
    mean_processing_ms: float


@dataclass(frozen=True, slots=True)
class JobFilter:
    """A filter of jobs. A field of None does not restrict."""

    owner: str | None = None
    state: str | None = None
    labels: Mapping[str, str] | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_jobs(
    database: Database,
    wanted: JobFilter,
    limit: int,
    cursor: UUID | None = None,
    order: SortOrder = SortOrder.DESCENDING,
) -> list[JobRow]:
    """Jobs by time of creation, after the job ``cursor``."""
    labels = None if wanted.labels is None else Jsonb(dict(wanted.labels))
    parameters = {**_fields(wanted), "labels": labels}
    with database.transaction() as transaction:
        rows = transaction.page("jobs", order, **parameters, job_id=None, cursor=cursor, limit=limit)
    return [JobRow(**row) for row in rows]


def find_job(database: Database, owner: str | None, job_id: UUID) -> JobRow | None:
    """The job, if it belongs to the owner."""
    with database.transaction() as transaction:
        return job_within(transaction, job_id, owner)


def job_within(transaction: Transaction, job_id: UUID, owner: str | None = None) -> JobRow | None:
    """Like `find_job`, within the caller's transaction."""
    rows = transaction.page(
        "jobs", SortOrder.DESCENDING, **{**_fields(JobFilter(owner)), "job_id": job_id, "cursor": None, "limit": 1}
    )
    return JobRow(**rows[0]) if rows else None


def list_images_of_job(
    database: Database,
    job_id: UUID,
    limit: int,
    cursor: int | None = None,
    order: SortOrder = SortOrder.ASCENDING,
    state: str | None = None,
) -> list[ImageRow]:
    """Images of a job in the order of submission, after the position ``cursor``."""
    with database.transaction() as transaction:
        rows = transaction.page("images_of_job", order, job_id=job_id, cursor=cursor, state=state, limit=limit)
    return [image_row(row) for row in rows]


def find_image(database: Database, owner: str | None, image_id: UUID) -> ImageRow | None:
    """The image, if it belongs to the owner."""
    with database.transaction() as transaction:
        row = transaction.one("image", owner=owner, image_id=image_id)
    return image_row(row) if row else None


def image_row(row: Row) -> ImageRow:
    """The image of a statement's row."""
    return ImageRow(**{name: row[name] for name in ImageRow.__slots__})


def find_flow_run(database: Database, image_id: UUID) -> UUID | None:
    """Prefect's flow run of the image's last attempt; None until it is dispatched."""
    with database.transaction() as transaction:
        row = transaction.one("flow_run_of_image", image_id=image_id)
    return row["flow_run_id"] if row else None


def list_detections(database: Database, attempt_id: UUID) -> list[DetectionRow]:
    """The detections of an attempt, frame by frame and class by class, by falling score."""
    with database.transaction() as transaction:
        return [DetectionRow(**row) for row in transaction.all("detections", attempt_id=attempt_id)]


def list_findings(database: Database, attempt_id: UUID) -> list[dict[str, Any]]:
    """The places where an attempt's file still shows a face, as `blurline.decision.finding` has them."""
    with database.transaction() as transaction:
        row = transaction.one("findings", attempt_id=attempt_id)
    return list(row["findings"]) if row else []


def statistics(database: Database, owner: str | None, since: datetime, until: datetime) -> list[StatisticsRow]:
    """Statistics of the images submitted from ``since`` up to ``until``, by state and error code."""
    with database.transaction() as transaction:
        rows = transaction.all("statistics", owner=owner, since=since, until=until)
    return [StatisticsRow(**row) for row in rows]


def ping(database: Database) -> None:
    """Raise DatabaseUnavailable unless the database responds."""
    with database.transaction() as transaction:
        transaction.one("ping")


def database_version(database: Database) -> str:
    """The version of PostgreSQL."""
    with database.transaction() as transaction:
        row = transaction.one("database_version")
    assert row is not None
    return str(row["version"])


def _fields(wanted: JobFilter) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in wanted.__slots__}

"""Convert rows of the database to the models of `blurline.contract`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from api.deletion.retention import kept_days
from blurline.contract import (
    CreatedJob,
    DeletionReceipt,
    Detection,
    FirstImage,
    Gone,
    Hold,
    Image,
    ImageError,
    ImageWithDetections,
    Job,
    JobState,
    Progress,
    User,
    WebhookWithSecret,
)
from blurline.settings import Settings
from sql.access.users import UserRow
from sql.deletion.deletions import Receipt
from sql.deletion.legal_holds import LegalHold as HoldRow
from sql.events.webhooks import WebhookRow
from sql.jobs.job_queries import DetectionRow, ImageRow, JobRow


def job_view(row: JobRow, settings: Settings) -> Job:
    """A job."""
    return Job(**_job_fields(row, settings))


def created_job_view(row: JobRow, webhook: WebhookRow | None, settings: Settings) -> CreatedJob:
    """A new job, with its webhook."""
    shown = WebhookWithSecret.model_validate(webhook, from_attributes=True) if webhook else None
    return CreatedJob(**_job_fields(row, settings), webhook=shown)


def image_view(row: ImageRow) -> Image:
    """An image."""
    return Image(**_image_fields(row))


def image_with_detections(
    row: ImageRow, detections: list[DetectionRow], findings: list[dict[str, Any]], flow_run_id: UUID | None = None
) -> ImageWithDetections:
    """An image, its detections and findings; for operators, with the flow run of its last attempt."""
    boxes = {"detections": detection_views(detections), "findings": findings}
    return ImageWithDetections(**_image_fields(row), **boxes, flow_run_id=flow_run_id)


def detection_views(detections: list[DetectionRow]) -> list[Detection]:
    """Detections."""
    return [Detection.model_validate(box, from_attributes=True) for box in detections]


def receipt_view(row: Receipt) -> DeletionReceipt:
    """A receipt."""
    return DeletionReceipt.model_validate(row, from_attributes=True)


def hold_view(row: HoldRow) -> Hold:
    """A hold."""
    return Hold.model_validate(row, from_attributes=True)


def user_view(row: UserRow) -> User:
    """A user."""
    return User.model_validate(row, from_attributes=True)


def _job_fields(row: JobRow, settings: Settings) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in JobRow.__slots__ if name in Job.model_fields}
    state: JobState = "processing"
    if row.queued + row.processing == 0:
        state = "finished"
    elif row.queued == row.images:
        state = "queued"
    progress = Progress.model_validate(row, from_attributes=True)
    first = FirstImage(id=row.first_image_id, name=row.first_image_name or "") if row.first_image_id else None
    return {
        **fields,
        "state": state,
        "progress": progress,
        "first_image": first,
        "retention": kept_days(settings, row.retention),
    }


def _image_fields(row: ImageRow) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in ImageRow.__slots__ if name in Image.model_fields}
    error = ImageError(code=row.error_code, message=row.error_message or "") if row.error_code else None
    is_published = row.state == "published"
    return {
        **fields,
        "is_underway": row.open_attempt_id is not None,
        "error": error,
        "faces_found": row.faces,
        "others_found": row.others_found or {},
        "original_gone": _gone(row.original_gone_at, row.original_gone_why),
        "result_refused": row.result_attempt_id is not None and row.refused_attempt_id == row.result_attempt_id,
        "result_gone": _gone(row.result_gone_at, row.result_gone_why),
        "result_url": f"/v1/images/{row.id}/result" if is_published and row.result_gone_at is None else None,
    }


def _gone(at: datetime | None, why: str | None) -> Gone | None:
    return Gone.model_validate({"at": at, "why": why}) if at else None

"""What the API answers with: pydantic views of rows, and nothing that a client has no use for."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from sql.reading import DetectionRow, ImageRow, JobRow


class Progress(BaseModel):
    """How many images of a job are in which state."""

    images: int
    queued: int
    processing: int
    published: int
    needs_review: int
    failed: int
    deleted: int


class Job(BaseModel):
    """A submission. It is `finished` when no image is queued or processing any more."""

    id: UUID
    owner: str
    state: Literal["queued", "processing", "finished"]
    progress: Progress
    policy: dict[str, Any]
    created_at: datetime


class Detection(BaseModel):
    """A box in pixels of the upright photograph. Not destroyed: candidates under the threshold, and what the policy
    leaves. `frame` counts from 0."""

    frame: int
    x1: float
    y1: float
    x2: float
    y2: float
    score: float
    destroyed: bool


class Note(BaseModel):
    """Something about a result that its owner should know."""

    code: str
    message: str


class ImageError(BaseModel):
    """Why an image is not published."""

    code: str
    message: str


class Image(BaseModel):
    """One picture of a job. `faces_found` of 0 says that none was found, not that none is there."""

    id: UUID
    job_id: UUID
    name: str
    state: Literal["queued", "processing", "published", "needs_review", "failed", "deleted"]
    error: ImageError | None
    faces_found: int | None
    doubt: float | None = Field(description="Estimated chance that a face in the result stays visible, 0 to 1.")
    doubt_reasons: dict[str, int] | None = Field(description="How many candidates of each kind are behind the doubt.")
    width_px: int | None
    height_px: int | None
    frames: int | None
    notes: list[Note]
    original_bytes: int
    original_sha256: str | None
    result_url: str | None = Field(description="Where the published result is.")
    result_media_type: str | None
    result_bytes: int | None
    result_sha256: str | None
    policy: dict[str, Any] | None
    model: dict[str, Any] | None
    processing_ms: float | None
    created_at: datetime
    finished_at: datetime | None


class ImageWithDetections(Image):
    """An image and every box found in it, best first."""

    detections: list[Detection]


class Statistics(BaseModel):
    """Images of one state and error code. `faces` were found; how many were missed nobody can say."""

    state: str
    error_code: str | None
    images: int
    faces: int
    mean_processing_ms: float


class JobPage(BaseModel):
    """Jobs, newest first. Ask with `before=next_before` for older ones."""

    jobs: list[Job]
    next_before: UUID | None


class ImagePage(BaseModel):
    """Images in order. Ask with `after=next_after` for those behind them."""

    images: list[Image]
    next_after: int | None


def job_view(row: JobRow) -> Job:
    """A row as the API shows it."""
    progress = Progress(**{name: getattr(row, name) for name in Progress.model_fields})
    state: Literal["queued", "processing", "finished"] = "processing"
    if row.queued == row.images:
        state = "queued"
    elif row.queued + row.processing == 0:
        state = "finished"
    return Job(id=row.id, owner=row.owner, state=state, progress=progress, policy=row.policy, created_at=row.created_at)


def image_view(row: ImageRow) -> Image:
    """A row as the API shows it."""
    return Image(**_image_fields(row))


def image_with_detections(row: ImageRow, detections: list[DetectionRow]) -> ImageWithDetections:
    """A row and its boxes as the API shows them."""
    boxes = [Detection(**{name: getattr(box, name) for name in Detection.model_fields}) for box in detections]
    return ImageWithDetections(**_image_fields(row), detections=boxes)


def _image_fields(row: ImageRow) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in ImageRow.__slots__ if name in Image.model_fields}
    error = ImageError(code=row.error_code, message=row.error_message or "") if row.error_code else None
    is_published = row.state == "published"
    return {
        **fields,
        "error": error,
        "faces_found": row.faces,
        "result_url": f"/v1/images/{row.id}/result" if is_published else None,
    }

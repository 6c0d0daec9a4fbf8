"""Images and their detections."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    Field,
)

from blurline.contract.base import ImageState, with_examples
from blurline.contract.examples import IMAGE_ID, JOB_ID, OTHER_ID, SHA256, TIME
from blurline.contract.retention import Gone
from blurline.detected_class import FACE, ClassName
from blurline.policy import Policy

BOXES: list[dict[str, Any]] = [
    {
        "frame": 0,
        "x1": 812.5,
        "y1": 401.0,
        "x2": 903.2,
        "y2": 520.7,
        "score": 0.94,
        "destroyed": True,
        "class_name": "face",
    }
]


class Detection(BaseModel):
    """A box in pixels of the upright photograph. Not destroyed: candidates below the threshold, and faces that the
    policy keeps. `frame` counts from 0."""

    frame: int
    x1: float
    y1: float
    x2: float
    y2: float
    score: float
    destroyed: bool
    class_name: ClassName = Field(default=FACE, description="What the box shows: `face`, or another class.")


class FileFinding(BaseModel):
    """A place for which a written file failed its check, in pixels of the upright photograph: a face that is still
    visible, or a difference from the picture that was meant."""

    kind: Literal["visible_face", "difference"] = "visible_face"
    frame: int
    x1: float
    y1: float
    x2: float
    y2: float
    score: float | None = Field(default=None, description="How sure it is that a face is visible, 0 to 1.")


class Note(BaseModel):
    """A remark about a result for its owner."""

    code: str
    message: str


class ImageError(BaseModel):
    """Why an image is not published."""

    code: str
    message: str


IMAGE: dict[str, Any] = {
    "id": IMAGE_ID,
    "job_id": JOB_ID,
    "position": 0,
    "name": "market/a.jpg",
    "state": "published",
    "is_underway": False,
    "error": None,
    "faces_found": 3,
    "others_found": {"plate": 1},
    "doubt": 0.12,
    "doubt_reasons": {"near_threshold": 1},
    "width_px": 4000,
    "height_px": 3000,
    "frames": 1,
    "notes": [],
    "original_bytes": 3181044,
    "original_sha256": SHA256,
    "original_gone": None,
    "result_url": f"/v1/images/{IMAGE_ID}/result",
    "result_media_type": "image/jpeg",
    "result_bytes": 3160211,
    "result_sha256": SHA256,
    "result_gone": None,
    "result_refused": False,
    "policy": Policy().model_dump(mode="json"),
    "model": {"name": "centerface", "sha256": SHA256},
    "blurline_version": "0.2.0",
    "processing_ms": 812.4,
    "created_at": TIME,
    "finished_at": TIME,
}


class Image(BaseModel):
    """One picture of a job. A `faces_found` of 0 means that no face was found, not that the picture has none."""

    model_config = with_examples(IMAGE)
    id: UUID
    job_id: UUID
    position: int
    name: str
    state: ImageState
    is_underway: bool = Field(description="Whether an attempt, possibly a re-run, is scheduled or under way.")
    error: ImageError | None
    faces_found: int | None
    others_found: dict[str, int] = Field(
        default={}, description="How many objects of each class beside faces were destroyed."
    )
    doubt: float | None = Field(description="Estimated risk that a face is still visible in the result, 0 to 1.")
    doubt_reasons: dict[str, int] | None = Field(description="How many candidates of each kind cause the doubt.")
    width_px: int | None
    height_px: int | None
    frames: int | None
    notes: list[Note]
    original_bytes: int
    original_sha256: str | None
    original_gone: Gone | None = Field(
        default=None, description="Since when the original is gone; the image cannot be re-run or corrected."
    )
    result_url: str | None = Field(description="URL of the published result.")
    result_media_type: str | None
    result_bytes: int | None
    result_sha256: str | None
    result_gone: Gone | None = Field(default=None, description="Since when the result is gone.")
    result_refused: bool = Field(
        default=False, description="Whether the result failed Blurline's own check: only reviewers see it."
    )
    policy: dict[str, Any] | None
    model: dict[str, Any] | None
    blurline_version: str | None = Field(default=None, description="The release that made the result; null for 0.1.0.")
    processing_ms: float | None
    created_at: datetime
    finished_at: datetime | None


class ArchivedImage(Image):
    """An image in an archive's manifest, and the name of its result in the archive; null without a result."""

    file: str | None


class ImageWithDetections(Image):
    """An image and all its detections, frame by frame and class by class, highest score first."""

    model_config = with_examples(IMAGE | {"detections": BOXES, "findings": []})
    detections: list[Detection]
    findings: list[FileFinding] = Field(
        default=[], description="The places for which the last written file failed its check."
    )
    flow_run_id: UUID | None = Field(
        default=None, description="Prefect's flow run of the last attempt; for operators, by `GET /v1/images/{id}`."
    )


class Detections(BaseModel):
    """All detections of an image, frame by frame and class by class, highest score first, and the size of the upright
    photograph."""

    model_config = with_examples(
        {
            "image_id": IMAGE_ID,
            "width_px": 4000,
            "height_px": 3000,
            "detections": BOXES,
        }
    )
    image_id: UUID
    width_px: int | None
    height_px: int | None
    detections: list[Detection]


class ImagePage(BaseModel):
    """Images. Request more with `cursor=next_cursor` until it is null."""

    model_config = with_examples({"images": [IMAGE], "next_cursor": None})
    images: list[Image]
    next_cursor: str | None


class ImageCount(BaseModel):
    """How many images a search finds. Not complete: there are more than this."""

    model_config = with_examples({"images": 131, "is_complete": True})
    images: int
    is_complete: bool


class Neighbours(BaseModel):
    """The ids of the images before and after an image in a search; null at an end."""

    model_config = with_examples({"previous": None, "next": OTHER_ID})
    previous: UUID | None
    next: UUID | None

"""What travels between the API and its clients: the requests, the answers, and an example of each.

Both sides use these models, so that neither can drift from the other.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    HttpUrl,
    StrictBool,
    StringConstraints,
    UrlConstraints,
    model_validator,
)

from blurline.correction import MarkedBox
from blurline.policy import Policy

_JOB_ID = "0193f1a2-7c00-7abc-8def-0123456789ab"
_IMAGE_ID = "0193f1a2-7c01-7abc-8def-0123456789ab"
_OTHER_ID = "0193f1a2-7c02-7abc-8def-0123456789ab"
_TIME = "2026-11-25T14:16:01.250000Z"
_TIME_START = re.compile(r"\d{4}-\d\d-\d\d[Tt]")
_SHA256 = "3f786850e387550fdab836ed7e6dc881de23001b7d1b2c6f2f6b5a6e8b0f6f5d"
_KEY = "9f86d081884c7d65/0193f1a2-7c01-7abc-8def-0123456789ab"


def _with_offset(value: Any) -> Any:
    if not isinstance(value, datetime) and not _TIME_START.match(str(value)):
        raise ValueError("must be a time as in 2026-11-25T14:16:01Z (an offset's + is written %2B in a URL)")
    return value


Name = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""What an owner calls a picture. Slashes make folders in a job's archive."""

Time = Annotated[AwareDatetime, BeforeValidator(_with_offset)]
"""A time as RFC 3339 has it, with its offset from UTC."""

Key = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[0-9a-zA-Z/\-]+$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-/]*$")]
LabelValue = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
Labels = Annotated[dict[Label, LabelValue], Field(max_length=20)]
NoteText = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
PresetName = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z0-9][a-z0-9_\-]*$")]
HttpsUrl = Annotated[HttpUrl, UrlConstraints(max_length=2048, allowed_schemes=["https"])]

MAX_LIVE_MESSAGE_BYTES = 16_384
"""Of a client's message over the WebSocket."""

ImageState = Literal["queued", "processing", "published", "needs_review", "failed", "deleted"]
JobState = Literal["queued", "processing", "finished"]


class EventType(StrEnum):
    """What clients are told of, over the WebSocket and by webhooks."""

    IMAGE_PUBLISHED = "image.published"
    IMAGE_NEEDS_REVIEW = "image.needs_review"
    IMAGE_FAILED = "image.failed"
    JOB_FINISHED = "job.finished"
    JOB_DELETED = "job.deleted"
    IMAGE_DELETED = "image.deleted"


def with_examples(*examples: dict[str, Any]) -> ConfigDict:
    """The configuration of a model that shows examples in the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": list(examples)})


class Request(BaseModel):
    """Base of what a client sends: a field that is unknown is a mistake."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """An error (RFC 9457). `code` is stable; `request_id` finds the request in the service's log."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    request_id: str | None = None
    errors: list[dict[str, str]] | None = Field(default=None, description="Which fields of a request are wrong.")


# Uploads


class UploadsRequest(Request):
    """How many pictures are to be uploaded."""

    model_config = with_examples({"count": 2})
    count: int = Field(default=1, ge=1, le=1000, strict=True)


class Upload(BaseModel):
    """POST a multipart form of `fields` and then `file` to `url`; then submit `key`."""

    key: str
    url: str
    fields: dict[str, str]
    expires_at: datetime
    max_bytes: int = Field(description="Size of the largest file that is accepted.")


class Uploads(BaseModel):
    """Uploads, as many as were asked for."""

    model_config = with_examples(
        {
            "uploads": [
                {
                    "key": _KEY,
                    "url": "https://store.example/blurline-originals",
                    "fields": {"key": _KEY, "policy": "eyJ…", "x-amz-signature": "9d1…"},
                    "expires_at": _TIME,
                    "max_bytes": 100_000_000,
                }
            ]
        }
    )
    uploads: list[Upload]


# Jobs


class SubmittedImage(Request):
    """A picture of a submission: the `key` of an upload, or (where allowed) an https `url` to be fetched."""

    key: Key | None = None
    url: HttpsUrl | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> SubmittedImage:
        if (self.key is None) == (self.url is None):
            raise ValueError("give either the key of an upload or a url")
        return self


class WebhookRequest(Request):
    """Where to send events. All types of events when `events` is absent."""

    model_config = with_examples({"url": "https://example.org/hooks/blurline", "events": ["image.published"]})
    url: HttpsUrl
    events: list[EventType] = Field(default=list(EventType), min_length=1)


class JobOptions(Request):
    """What a submission says beside its pictures. Fields of `policy` go before those of the preset."""

    preset: PresetName | None = None
    policy: Policy = Policy()
    labels: Labels = {}
    webhook: WebhookRequest | None = None


class JobRequest(JobOptions):
    """A submission of uploaded objects or URLs."""

    model_config = with_examples(
        {
            "images": [{"key": _KEY, "name": "market/a.jpg"}],
            "preset": "default",
            "policy": {"style": "solid"},
            "labels": {"assignment": "4711"},
        }
    )
    images: Annotated[list[SubmittedImage], Field(min_length=1, max_length=100_000), FailFast()]


class Progress(BaseModel):
    """How many images of a job are in which state."""

    images: int
    queued: int
    processing: int
    published: int
    needs_review: int
    failed: int
    deleted: int


_JOB: dict[str, Any] = {
    "id": _JOB_ID,
    "owner": "ann",
    "state": "processing",
    "progress": {
        "images": 2,
        "queued": 0,
        "processing": 1,
        "published": 1,
        "needs_review": 0,
        "failed": 0,
        "deleted": 0,
    },
    "policy": Policy().model_dump(mode="json"),
    "preset": "default",
    "labels": {"assignment": "4711"},
    "created_at": _TIME,
    "finished_at": None,
}


class Job(BaseModel):
    """A submission. It is `finished` when no image is queued or processing any more."""

    model_config = with_examples(_JOB)
    id: UUID
    owner: str
    state: JobState
    progress: Progress
    policy: dict[str, Any]
    preset: str | None = None
    labels: dict[str, str] = {}
    created_at: datetime
    finished_at: datetime | None = None


class CreatedJob(Job):
    """A job that was just made. The signing secret of its webhook is shown here and never again."""

    model_config = with_examples(_JOB | {"state": "queued", "webhook": None})
    webhook: WebhookWithSecret | None = None


class JobPage(BaseModel):
    """Jobs. Ask with `cursor=next_cursor` for more, until it is null."""

    model_config = with_examples({"jobs": [_JOB], "next_cursor": None})
    jobs: list[Job]
    next_cursor: str | None


class RerunRequest(Request):
    """Which images of a job are to be made anew, and the fields of their policy that are to change."""

    model_config = with_examples({"states": ["failed", "published"], "policy": {"profile": "thorough"}})
    states: list[Literal["failed", "needs_review", "published"]] = Field(default=["failed"], min_length=1)
    policy: Policy = Policy()


class Rerun(BaseModel):
    """A re-run that has begun. Each of its images stays as it is until its new result is there."""

    model_config = with_examples({"id": _OTHER_ID, "images": 2})
    id: UUID
    images: int


class BacklogRerunRequest(RerunRequest):
    """Which images of every job are to be made anew, the oldest first; a field that is null does not restrict.
    `score_below`: only images with a destroyed face whose score is lower. A dry run only says which it would be."""

    model_config = with_examples(
        {"states": ["failed"], "submitted_from": _TIME, "policy": {"profile": "thorough"}, "dry_run": True}
    )
    submitted_from: Time | None = None
    submitted_until: Time | None = Field(default=None, description="Only images submitted before this time.")
    owner: Annotated[str, StringConstraints(max_length=512)] | None = None
    job_id: UUID | None = None
    score_below: float | None = Field(default=None, gt=0, le=1, strict=True)
    limit: int = Field(default=1000, ge=1, le=10_000, strict=True)
    dry_run: StrictBool = True


class BacklogRerun(BaseModel):
    """The images of a re-run, or (`id` is null) those that it would be of: how many, and the names of the first."""

    model_config = with_examples({"id": _OTHER_ID, "images": 2, "names": ["market/a.jpg", "market/b.jpg"]})
    id: UUID | None = Field(description="Calls off what is left; null where nothing was begun.")
    images: int
    names: list[str] = Field(description="Of the first 20 images.")


class CancelledRerun(BaseModel):
    """How many images were left of a re-run that was called off. They are as they were before it."""

    model_config = with_examples({"images": 1})
    images: int


# Images


_BOXES: list[dict[str, Any]] = [
    {"frame": 0, "x1": 812.5, "y1": 401.0, "x2": 903.2, "y2": 520.7, "score": 0.94, "destroyed": True}
]


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


_IMAGE: dict[str, Any] = {
    "id": _IMAGE_ID,
    "job_id": _JOB_ID,
    "position": 0,
    "name": "market/a.jpg",
    "state": "published",
    "is_underway": False,
    "error": None,
    "faces_found": 3,
    "doubt": 0.12,
    "doubt_reasons": {"near_threshold": 1},
    "width_px": 4000,
    "height_px": 3000,
    "frames": 1,
    "notes": [],
    "original_bytes": 3181044,
    "original_sha256": _SHA256,
    "result_url": f"/v1/images/{_IMAGE_ID}/result",
    "result_media_type": "image/jpeg",
    "result_bytes": 3160211,
    "result_sha256": _SHA256,
    "policy": Policy().model_dump(mode="json"),
    "model": {"name": "centerface", "sha256": _SHA256},
    "processing_ms": 812.4,
    "created_at": _TIME,
    "finished_at": _TIME,
}


class Image(BaseModel):
    """One picture of a job. `faces_found` of 0 says that none was found, not that none is there."""

    model_config = with_examples(_IMAGE)
    id: UUID
    job_id: UUID
    position: int
    name: str
    state: ImageState
    is_underway: bool = Field(description="Whether an attempt at it is to be made or under way, also a re-run.")
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


class ArchivedImage(Image):
    """An image in an archive's manifest, and the name of its result there; null where it has none."""

    file: str | None


class ImageWithDetections(Image):
    """An image and every box found in it, best first."""

    model_config = with_examples(_IMAGE | {"detections": _BOXES})
    detections: list[Detection]
    flow_run_id: UUID | None = Field(
        default=None, description="Prefect's flow run of the last attempt; for operators, by `GET /v1/images/{id}`."
    )


class Detections(BaseModel):
    """Every box found in an image, best first, and the size of the upright photograph that they refer to."""

    model_config = with_examples(
        {
            "image_id": _IMAGE_ID,
            "width_px": 4000,
            "height_px": 3000,
            "detections": _BOXES,
        }
    )
    image_id: UUID
    width_px: int | None
    height_px: int | None
    detections: list[Detection]


class ImagePage(BaseModel):
    """Images. Ask with `cursor=next_cursor` for more, until it is null."""

    model_config = with_examples({"images": [_IMAGE], "next_cursor": None})
    images: list[Image]
    next_cursor: str | None


class DeletionReceipt(BaseModel):
    """Proof that a job or an image was deleted. `completed_at` is null until the store is rid of every object."""

    model_config = with_examples(
        {
            "id": _OTHER_ID,
            "owner": "ann",
            "job_id": _JOB_ID,
            "image_id": None,
            "requested_by": "ann",
            "images": 2,
            "objects_removed": 4,
            "created_at": _TIME,
            "completed_at": _TIME,
        }
    )
    id: UUID
    owner: str
    job_id: UUID
    image_id: UUID | None
    requested_by: str
    images: int
    objects_removed: int
    created_at: datetime
    completed_at: datetime | None


class Statistics(BaseModel):
    """Images of one state and error code. `faces` were found; how many were missed nobody can say."""

    model_config = with_examples(
        {"state": "published", "error_code": None, "images": 120, "faces": 318, "mean_processing_ms": 640.2}
    )
    state: str
    error_code: str | None
    images: int
    faces: int
    mean_processing_ms: float


# Review


class ReviewRequest(Request):
    """What to leave out when the next image is asked for."""

    model_config = with_examples({"skip": [_IMAGE_ID]})
    skip: list[UUID] = Field(default=[], max_length=500, description="Images that the reviewer has put aside.")


class ReviewTask(BaseModel):
    """An image that is the reviewer's alone until then, and how many others wait."""

    model_config = with_examples(
        {
            "image": _IMAGE | {"state": "needs_review", "detections": _BOXES},
            "claimed_until": _TIME,
            "waiting": 41,
        }
    )
    image: ImageWithDetections
    claimed_until: datetime
    waiting: int


class NextReview(BaseModel):
    """What to look at next; null when nothing waits."""

    model_config = with_examples({"task": None})
    task: ReviewTask | None


class CorrectionRequest(Request):
    """Every box that is to be destroyed, in pixels of the upright photograph. What was found and is not among them is
    left as it is. `hold` has the new result looked at once more before it is published."""

    model_config = with_examples(
        {"destroy": [{"frame": 0, "x1": 812.5, "y1": 401, "x2": 903.2, "y2": 520.7}], "hold": False, "note": ""}
    )
    destroy: Annotated[list[MarkedBox], Field(max_length=5000), FailFast()]
    hold: StrictBool = False
    note: NoteText = ""


class ApprovalRequest(Request):
    """What the reviewer has seen: approving publishes that result and no other."""

    model_config = with_examples({"result_sha256": _SHA256})
    result_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{1,64}$")]


class RejectionRequest(Request):
    """Why a result is not to be published."""

    model_config = with_examples({"note": "The reflection shows her face."})
    note: NoteText = ""


_DECISION: dict[str, Any] = {
    "id": _OTHER_ID,
    "image_id": _IMAGE_ID,
    "reviewer": "rita",
    "kind": "corrected",
    "added": [{"frame": 0, "x1": 10.0, "y1": 20.0, "x2": 60.0, "y2": 80.0, "score": 1.0}],
    "dropped": [],
    "note": "",
    "created_at": _TIME,
}


class Decision(BaseModel):
    """What a reviewer has decided, and the boxes that it changed: drawn, and found but no faces. One that was moved is
    in both."""

    model_config = with_examples(_DECISION)
    id: UUID
    image_id: UUID
    reviewer: str
    kind: Literal["approved", "rejected", "corrected"]
    added: list[MarkedBox]
    dropped: list[MarkedBox]
    note: str
    created_at: datetime


class Decisions(BaseModel):
    """Every decision on an image, oldest first."""

    model_config = with_examples({"decisions": [_DECISION]})
    decisions: list[Decision]


# Presets


_PRESET: dict[str, Any] = {
    "name": "default",
    "description": "Destroys what the standard profile finds; no metadata passes.",
    "policy": Policy().model_dump(mode="json"),
    "is_builtin": True,
}


class Preset(BaseModel):
    """A policy with a name. The built-in ones cannot be changed."""

    model_config = with_examples(_PRESET)
    name: str
    description: str
    policy: dict[str, Any]
    is_builtin: bool


class PresetRequest(Request):
    """What a preset is to be."""

    model_config = with_examples({"description": "For the front page.", "policy": {"profile": "thorough"}})
    description: Name = ""
    policy: Policy


class Presets(BaseModel):
    """Every preset."""

    model_config = with_examples({"presets": [_PRESET]})
    presets: list[Preset]


# Users


class Quotas(Request):
    """The most that an owner may submit; null for no limit. Days are those of UTC."""

    model_config = with_examples({"images_per_day": 10000, "bytes_per_day": None, "open_jobs": 20})
    images_per_day: int | None = Field(default=None, ge=0, strict=True)
    bytes_per_day: int | None = Field(default=None, ge=0, strict=True)
    open_jobs: int | None = Field(default=None, ge=0, strict=True)


class Usage(BaseModel):
    """What an owner has submitted today (UTC), and how many jobs are unfinished."""

    images_today: int
    bytes_today: int
    open_jobs: int


class Me(BaseModel):
    """Who the token is for, what it allows, and how much of the quotas is used."""

    model_config = with_examples(
        {
            "id": "ann",
            "scopes": ["submit"],
            "expires_at": _TIME,
            "quotas": {"images_per_day": 10000, "bytes_per_day": None, "open_jobs": 20},
            "usage": {"images_today": 120, "bytes_today": 381725280, "open_jobs": 1},
        }
    )
    id: str
    scopes: list[str]
    expires_at: datetime
    quotas: Quotas
    usage: Usage


_USER: dict[str, Any] = {
    "id": "ann",
    "issuer": "blurline-local",
    "subject": "ann",
    "name": None,
    "email": None,
    "quotas": {"images_per_day": 10000},
    "first_seen_at": _TIME,
    "last_seen_at": _TIME,
}


class User(BaseModel):
    """Somebody who has presented a valid token."""

    model_config = with_examples(_USER)
    id: str
    issuer: str
    subject: str
    name: str | None
    email: str | None
    quotas: dict[str, int | None] = Field(description="What goes before the quotas of the settings.")
    first_seen_at: datetime
    last_seen_at: datetime


class UserPage(BaseModel):
    """Users. Ask with `cursor=next_cursor` for more, until it is null."""

    model_config = with_examples({"users": [_USER], "next_cursor": None})
    users: list[User]
    next_cursor: str | None


# Webhooks


_WEBHOOK: dict[str, Any] = {
    "id": _OTHER_ID,
    "job_id": None,
    "url": "https://example.org/hooks/blurline",
    "events": ["image.published", "job.finished"],
    "is_enabled": True,
    "disabled_reason": None,
    "failing_since": None,
    "created_at": _TIME,
}


class Webhook(BaseModel):
    """An endpoint that is told of events: of every job of its owner, or of one."""

    model_config = with_examples(_WEBHOOK)
    id: UUID
    job_id: UUID | None
    url: str
    events: list[EventType]
    is_enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    created_at: datetime


class WebhookWithSecret(Webhook):
    """A webhook and its signing secret, which is shown now and never again."""

    model_config = with_examples(_WEBHOOK | {"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"})
    secret: str = Field(description="As Standard Webhooks has it: `whsec_` and base64.")


class WebhookChange(Request):
    """What of a webhook is to change; an absent field stays."""

    model_config = with_examples({"is_enabled": True})
    url: HttpsUrl | None = None
    events: list[EventType] | None = Field(default=None, min_length=1)
    is_enabled: StrictBool | None = None


class Webhooks(BaseModel):
    """Every webhook of the caller's."""

    model_config = with_examples({"webhooks": [_WEBHOOK]})
    webhooks: list[Webhook]


_DELIVERY: dict[str, Any] = {
    "id": _OTHER_ID,
    "type": "image.published",
    "payload": {
        "type": "image.published",
        "timestamp": _TIME,
        "data": {"job_id": _JOB_ID, "image_id": _IMAGE_ID, "sequence": 17, "faces_found": 3},
    },
    "state": "delivered",
    "tries": 1,
    "not_before": _TIME,
    "last_status": 200,
    "last_error": None,
    "last_try_at": _TIME,
    "created_at": _TIME,
}


class Delivery(BaseModel):
    """One message to a webhook: what became of it, and of the last try."""

    model_config = with_examples(_DELIVERY)
    id: UUID
    type: str
    payload: dict[str, Any]
    state: Literal["pending", "delivered", "given_up"]
    tries: int
    not_before: datetime
    last_status: int | None
    last_error: str | None
    last_try_at: datetime | None
    created_at: datetime


class DeliveryPage(BaseModel):
    """Deliveries, newest first. Ask with `cursor=next_cursor` for more, until it is null."""

    model_config = with_examples({"deliveries": [_DELIVERY], "next_cursor": None})
    deliveries: list[Delivery]
    next_cursor: str | None


# Health


class Liveness(BaseModel):
    """The process lives."""

    model_config = with_examples({"status": "alive"})
    status: Literal["alive"] = "alive"


class Health(BaseModel):
    """The state of each part: `ok`, or the code of what is wrong."""

    model_config = with_examples({"status": "degraded", "parts": {"database": "ok", "store": "store_unavailable"}})
    status: Literal["ok", "degraded"]
    parts: dict[str, str]


# The service


class Waiting(BaseModel):
    """How many wait, and how long the one has waited that has waited longest; 0 when none waits."""

    count: int
    oldest_age_s: float


class Worker(BaseModel):
    """A worker that has joined the work pool."""

    name: str
    status: str
    last_heartbeat_at: datetime | None


class FruitlessAttempts(BaseModel):
    """Attempts that came to nothing: `retried`, made anew as long as the image had attempts left, or `given_up`."""

    outcome: Literal["retried", "given_up"]
    error_code: str
    last_hour: int
    last_day: int


class Retention(BaseModel):
    """How long things are kept that go by themselves. Originals and results are kept until they are deleted."""

    events_kept_days: float = Field(description="Events and the log of webhook deliveries.")
    idempotency_hours: float = Field(description="Each Idempotency-Key.")
    upload_ttl_s: int = Field(description="How long a presigned upload may be used.")


class System(BaseModel):
    """The state of the service: what there is, what waits and who works. ``workers`` is null while Prefect is away."""

    model_config = with_examples(
        {
            "version": "1.0.0",
            "database_version": "18.1",
            "images": {"published": 1200, "failed": 3},
            "failed": {"unreadable_picture": 3},
            "queues": {"interactive": {"count": 4, "oldest_age_s": 1.2}},
            "review": {"doubtful": {"count": 2, "oldest_age_s": 340.0}},
            "outbox": {"count": 0, "oldest_age_s": 0},
            "webhook_deliveries": {"count": 0, "oldest_age_s": 0},
            "disabled_webhooks": 0,
            "workers": [{"name": "blurline-worker", "status": "ONLINE", "last_heartbeat_at": _TIME}],
            "fruitless_attempts": [
                {"outcome": "retried", "error_code": "flow_run_crashed", "last_hour": 1, "last_day": 24}
            ],
            "retention": {"events_kept_days": 7, "idempotency_hours": 24, "upload_ttl_s": 600},
        }
    )
    version: str
    database_version: str
    images: dict[str, int] = Field(description="By state.")
    failed: dict[str, int] = Field(description="By error code.")
    queues: dict[str, Waiting] = Field(description="Images that no worker has begun with, by queue.")
    review: dict[str, Waiting] = Field(description="Images that wait for a reviewer, by what holds them.")
    outbox: Waiting = Field(description="Batches that are still to become flow runs.")
    webhook_deliveries: Waiting
    disabled_webhooks: int
    workers: list[Worker] | None
    fruitless_attempts: list[FruitlessAttempts] = Field(description="Of the last day, the most frequent first.")
    retention: Retention


CreatedJob.model_rebuild()

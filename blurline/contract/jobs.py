"""Jobs: submission and progress."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    BaseModel,
    FailFast,
    Field,
    model_validator,
)

from blurline.contract.base import HttpsUrl, JobState, Key, Labels, Name, PresetName, Request, with_examples
from blurline.contract.examples import IMAGE_ID, JOB_ID, KEY, TIME
from blurline.contract.retention import JobRetention
from blurline.contract.webhooks import WebhookRequest, WebhookWithSecret
from blurline.policy import Policy


class SubmittedImage(Request):
    """A picture of a submission: the `key` of an upload or, where allowed, an https `url`."""

    key: Key | None = None
    url: HttpsUrl | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> SubmittedImage:
        if (self.key is None) == (self.url is None):
            raise ValueError("give either the key of an upload or a url")
        return self


class JobOptions(Request):
    """The options of a submission. Fields of `policy` take precedence over those of the preset."""

    preset: PresetName | None = None
    policy: Policy = Policy()
    labels: Labels = Field(default={})
    webhook: WebhookRequest | None = None
    retention: JobRetention = JobRetention()


class JobRequest(JobOptions):
    """A submission of uploaded objects or URLs."""

    model_config = with_examples(
        {
            "images": [{"key": KEY, "name": "market/a.jpg"}],
            "preset": "default",
            "policy": {"style": "solid"},
            "labels": {"assignment": "4711"},
            "retention": {"originals_days": 30},
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


class FirstImage(BaseModel):
    """The first image of a job, by which people recognise it."""

    id: UUID
    name: str


JOB: dict[str, Any] = {
    "id": JOB_ID,
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
    "first_image": {"id": IMAGE_ID, "name": "market/a.jpg"},
    "policy": Policy().model_dump(mode="json"),
    "preset": "default",
    "labels": {"assignment": "4711"},
    "retention": {"originals_days": 30, "results_days": None, "rows_days": 365, "audit_days": None},
    "created_at": TIME,
    "finished_at": None,
}


class Job(BaseModel):
    """A job. It is `finished` when no image is queued or processing."""

    model_config = with_examples(JOB)
    id: UUID
    owner: str
    state: JobState
    progress: Progress
    first_image: FirstImage | None = Field(default=None, description="Null once every image is deleted.")
    policy: dict[str, Any]
    preset: str | None = None
    labels: dict[str, str] = {}
    retention: JobRetention = Field(
        default=JobRetention(),
        description="How long its parts are kept: as the job asked, or else as the installation is configured.",
    )
    created_at: datetime
    finished_at: datetime | None = None


class CreatedJob(Job):
    """A job that was just created. Only this answer shows the signing secret of its webhook."""

    model_config = with_examples(JOB | {"state": "queued", "webhook": None})
    webhook: WebhookWithSecret | None = None


class JobPage(BaseModel):
    """Jobs. Request more with `cursor=next_cursor` until it is null."""

    model_config = with_examples({"jobs": [JOB], "next_cursor": None})
    jobs: list[Job]
    next_cursor: str | None

"""What several parts of the contract share: field types, the base of requests, errors."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    UrlConstraints,
)

_TIME_START = re.compile(r"\d{4}-\d\d-\d\d[Tt]")


def _with_offset(value: Any) -> Any:
    if not isinstance(value, datetime) and not _TIME_START.match(str(value)):
        raise ValueError("must be a time as in 2026-11-25T14:16:01Z (an offset's + is written %2B in a URL)")
    return value


Name = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""The owner's name for a picture. Slashes make folders in a job's archive."""

Time = Annotated[AwareDatetime, BeforeValidator(_with_offset)]
"""An RFC 3339 time with its offset from UTC."""

Key = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[0-9a-zA-Z/\-]+$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-/]*$")]
LabelValue = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
Labels = Annotated[dict[Label, LabelValue], Field(max_length=20)]
NoteText = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
PresetName = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z0-9][a-z0-9_\-]*$")]
HttpsUrl = Annotated[HttpUrl, UrlConstraints(max_length=2048, allowed_schemes=["https"])]

MAX_LIVE_MESSAGE_BYTES = 16_384
"""The largest message that a client may send over the WebSocket."""

ImageState = Literal["queued", "processing", "published", "needs_review", "failed", "deleted"]
JobState = Literal["queued", "processing", "finished"]


class EventType(StrEnum):
    """Events that the WebSocket and webhooks deliver."""

    IMAGE_PUBLISHED = "image.published"
    IMAGE_NEEDS_REVIEW = "image.needs_review"
    IMAGE_FAILED = "image.failed"
    JOB_FINISHED = "job.finished"
    JOB_DELETED = "job.deleted"
    IMAGE_DELETED = "image.deleted"


def with_examples(*examples: dict[str, Any]) -> ConfigDict:
    """The configuration of a model with examples in the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": list(examples)})


class Request(BaseModel):
    """Base of requests: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """An error (RFC 9457). `code` is stable; `request_id` finds the request in the service's log."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    request_id: str | None = None
    errors: list[dict[str, str]] | None = Field(default=None, description="The fields of the request that are wrong.")

"""Pictures of an output folder and their states."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from blurline.cli.upload.scan import Found


class State(StrEnum):
    """The state of a picture. The last three are the API's states of unpublished pictures."""

    LOST = "lost"  # missing from the store; must be uploaded again
    UPLOADED = "uploaded"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    HERE = "here"  # its result is in the output folder
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the journal. ``result_name`` is the path of its result below the output folder.

    ``result_bytes`` and ``result_mtime_ns`` describe the result's file when it was put there.
    """

    name: str
    size_bytes: int
    mtime_ns: int
    sha256: str
    state: State
    key: str
    image_id: UUID | None
    reason: str
    result_sha256: str | None
    extension: str | None
    result_name: str | None
    result_bytes: int | None
    result_mtime_ns: int | None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Pictures of one job. ``request`` is sent with the Idempotency-Key ``id``, always as the same text."""

    id: str
    request: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture that is stored under ``key``."""

    found: Found
    sha256: str
    key: str

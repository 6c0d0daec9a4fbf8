"""Pictures of an output folder, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from blurline.cli.upload.scan import Found


class State(StrEnum):
    """Where a picture is. The last three are the API's own, of pictures that it did not publish."""

    LOST = "lost"  # the store has it no more: to be uploaded anew
    UPLOADED = "uploaded"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    HERE = "here"  # its result lies in the output folder
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the journal knows it. ``result_name`` is the path of its result below the output folder.

    ``result_bytes`` and ``result_mtime_ns`` are those of the result's file when it was put there.
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
    """Pictures that become one job: ``request`` is sent under the Idempotency-Key ``id``, always the same text."""

    id: str
    request: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture that lies in the store under ``key``."""

    found: Found
    sha256: str
    key: str

"""Pictures as the journal records them, and their states."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from blurline.cli.upload.scan import LocalPicture


class State(StrEnum):
    """The state of a picture. The last three are the API's states of pictures without a published result."""

    LOST = "lost"  # the store no longer has it: to be uploaded again
    UPLOADED = "uploaded"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    HERE = "here"  # its result is in the output folder
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the journal. ``result_name`` is the path of its result relative to the output folder.

    ``result_bytes`` and ``result_mtime_ns`` describe the result's file as it was written.
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
    """Pictures that become one job. ``request`` is the text sent with the Idempotency-Key ``id``; it never changes."""

    id: str
    request: str


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A picture that is in the store under ``key``."""

    local: LocalPicture
    sha256: str
    key: str


def printable(name: str) -> str:
    """Return a file's name with every character that cannot be printed replaced."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)

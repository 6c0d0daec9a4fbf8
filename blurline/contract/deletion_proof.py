"""The proof of a deletion: what was deleted, when and why, and when the store no longer listed any object of it.

It does not say that the bytes have left the store's disks: that depends on the store (docs/privacy.md).

It is signed like audit records (`blurline.contract.audit`), and is all that is kept of an image once its rows are gone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from blurline.contract import ImageState

_EXAMPLE: dict[str, Any] = {
    "record": {
        "format": "blurline-deletion-1",
        "blurline_version": "0.2.0",
        "issued_at": "2026-11-25T14:20:00Z",
        "deletion_id": "0193f1a2-7c02-7abc-8def-0123456789ab",
        "owner": "ann",
        "job_id": "0193f1a2-7c00-7abc-8def-0123456789ab",
        "image_id": None,
        "parts": "all",
        "reason": "expired",
        "requested_by": "retention",
        "deleted_at": "2026-11-25T14:16:03Z",
        "completed_at": "2026-11-25T14:16:04Z",
        "objects_removed": 4,
        "images": [
            {
                "image_id": "0193f1a2-7c01-7abc-8def-0123456789ab",
                "original": {"key": "9f86d081884c7d65/0193f1a2-…", "sha256": "3f78…", "size_bytes": 3181044},
                "result": {"key": "0193f1a2-7c01-…/0193f1a2-….jpg", "sha256": "9d1e…", "size_bytes": 3160211},
                "state": "published",
                "error_code": None,
                "policy": {"profile": "standard"},
                "model": {"name": "centerface", "sha256": "0918…"},
                "boxes_destroyed": 3,
                "boxes_left": 1,
                "decisions": [{"kind": "approved", "reviewer": "rita", "decided_at": "2026-11-25T14:18:00Z"}],
                "submitted_at": "2026-10-25T14:16:01Z",
                "finished_at": "2026-10-25T14:16:03Z",
                "confirmed_at": "2026-11-25T14:16:04Z",
            }
        ],
    },
    "signature": "eyJhbGciOiJFZERTQSIs…..nJv5WCfDX9QN…",
}


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ErasedFile(_Closed):
    """A deleted file and its key. An original that was never read has no hash."""

    key: str
    sha256: str | None
    size_bytes: int | None


class ErasedDecision(_Closed):
    """Who decided on an image, when and how."""

    kind: Literal["approved", "rejected", "corrected"]
    reviewer: str
    decided_at: datetime


class ErasedImage(_Closed):
    """What was deleted of an image (a null `original` or `result` was not deleted), and what the image was. The
    original of an image with a `source` lies there, and stays; only its previews were deleted.
    `confirmed_at` is when the store no longer listed or served any object of it."""

    image_id: UUID
    original: ErasedFile | None
    result: ErasedFile | None
    state: ImageState
    error_code: str | None
    policy: dict[str, Any] | None
    model: dict[str, Any] | None
    boxes_destroyed: int | None
    boxes_left: int | None
    decisions: list[ErasedDecision]
    submitted_at: datetime
    finished_at: datetime | None
    confirmed_at: datetime | None
    source: str | None = Field(
        default=None, description="The source that the image was imported from. Its object there was not deleted."
    )


class DeletionRecord(_Closed):
    """A completed deletion. `images` is empty for deletions of Blurline 0.1."""

    format: Literal["blurline-deletion-1"] = "blurline-deletion-1"
    blurline_version: str
    issued_at: datetime
    deletion_id: UUID
    owner: str
    job_id: UUID
    image_id: UUID | None
    parts: Literal["all", "originals", "results"]
    reason: Literal["requested", "expired"]
    requested_by: str
    deleted_at: datetime
    completed_at: datetime
    objects_removed: int
    images: list[ErasedImage]


class SignedDeletion(BaseModel):
    """A deletion record and its signature: a detached JWS over the canonical JSON of `record`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})
    record: DeletionRecord
    signature: str

"""Receipts of deletions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from blurline.contract.base import with_examples
from blurline.contract.examples import JOB_ID, OTHER_ID, TIME


class DeletionReceipt(BaseModel):
    """Receipt for the deletion of a job or an image. `completed_at` is null until every object has left the store."""

    model_config = with_examples(
        {
            "id": OTHER_ID,
            "owner": "ann",
            "job_id": JOB_ID,
            "image_id": None,
            "requested_by": "ann",
            "images": 2,
            "objects_removed": 4,
            "created_at": TIME,
            "completed_at": TIME,
            "parts": "all",
            "reason": "requested",
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
    parts: Literal["all", "originals", "results"] = Field(
        default="all", description="What was deleted: everything, or only originals or results."
    )
    reason: Literal["requested", "expired"] = Field(
        default="requested", description="`expired`: its retention time ended."
    )

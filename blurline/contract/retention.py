"""Retention times, expired objects and legal holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from blurline.contract.base import Request, with_examples
from blurline.contract.examples import IMAGE_ID, JOB_ID, OTHER_ID, TIME

Days = Annotated[float, Field(ge=0, le=36_500)]
HoldReason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00]*$")
]


class JobRetention(Request):
    """How many days to keep a job's originals, results, rows and deletion records; null: as long as the installation
    keeps them, which is also the maximum. The time starts when the image was last settled (originals, results), when
    the job's last image was settled (rows), or at the deletion (records). When its rows expire, the job is deleted."""

    model_config = with_examples({"originals_days": 30, "results_days": 90, "rows_days": 365, "audit_days": None})
    originals_days: Days | None = None
    results_days: Days | None = None
    rows_days: Days | None = None
    audit_days: Days | None = None

    @model_validator(mode="after")
    def _rows_go_last(self) -> JobRetention:
        for name in ("originals_days", "results_days"):
            days = getattr(self, name)
            if None not in (days, self.rows_days) and days > self.rows_days:
                raise ValueError(
                    f"rows_days ({self.rows_days:g}) is less than {name} ({days:g}), but the whole job is deleted with "
                    f"its rows; lower {name}"
                )
        return self


class Gone(BaseModel):
    """Since when an original or a result is gone from the store, and why: `expired` at the end of its retention time,
    or `missing` unexpectedly."""

    at: datetime
    why: Literal["expired", "missing"]


class HoldRequest(Request):
    """Why an image, a job or everything of an owner must not be deleted."""

    model_config = with_examples({"reason": "Complaint 2026/118"})
    reason: HoldReason


HOLD: dict[str, Any] = {
    "id": OTHER_ID,
    "job_id": JOB_ID,
    "image_id": None,
    "owner": None,
    "reason": "Complaint 2026/118",
    "placed_by": "olga",
    "placed_at": TIME,
    "released_by": None,
    "released_at": None,
}


class Hold(BaseModel):
    """A legal hold on an image, a job (`image_id` is null) or an `owner`. Until it is released, neither a request nor
    retention deletes them, and results that a re-run or correction replaces stay in the store."""

    model_config = with_examples(HOLD, HOLD | {"image_id": IMAGE_ID}, HOLD | {"job_id": None, "owner": "ann"})
    id: UUID
    job_id: UUID | None = Field(description="Null for a hold on an owner, except in the list of a job.")
    image_id: UUID | None
    owner: str | None = Field(default=None, description="Set for a hold on everything of this owner.")
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None
    released_at: datetime | None


class Holds(BaseModel):
    """All present and past legal holds on a job, its images and its owner, or on one owner, oldest first."""

    model_config = with_examples({"holds": [HOLD]})
    holds: list[Hold]

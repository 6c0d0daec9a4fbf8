"""How long things are kept, what is gone, and what may not be deleted."""

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
    """How many days a job's originals, results, rows and records of deletions are kept; null: as long as the
    installation keeps them, and never longer. Originals and results count from when their image was last settled, rows
    from when the last image of the job was, records from the deletion. With its rows a job goes as a whole."""

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
                    f"rows_days ({self.rows_days:g}) is less than {name} ({days:g}): with its rows the whole job "
                    f"goes, so give {name} at most as many days"
                )
        return self


class Gone(BaseModel):
    """Since when the store has no more of an original or a result, and why: `expired`, its time was over; `missing`, it
    should be there and is not."""

    at: datetime
    why: Literal["expired", "missing"]


class HoldRequest(Request):
    """Why a job or an image may not be deleted."""

    model_config = with_examples({"reason": "Complaint 2026/118"})
    reason: HoldReason


HOLD: dict[str, Any] = {
    "id": OTHER_ID,
    "job_id": JOB_ID,
    "image_id": None,
    "reason": "Complaint 2026/118",
    "placed_by": "olga",
    "placed_at": TIME,
    "released_by": None,
    "released_at": None,
}


class Hold(BaseModel):
    """A hold: while it is not released, nobody can delete the job (`image_id` is null) or the image, and retention
    leaves it alone."""

    model_config = with_examples(HOLD, HOLD | {"image_id": IMAGE_ID})
    id: UUID
    job_id: UUID
    image_id: UUID | None
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None
    released_at: datetime | None


class Holds(BaseModel):
    """Every hold that a job or an image of it is or was on, oldest first."""

    model_config = with_examples({"holds": [HOLD]})
    holds: list[Hold]

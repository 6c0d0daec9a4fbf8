"""Re-runs, of a job or of a backlog."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    Field,
    StrictBool,
    StringConstraints,
)

from blurline.contract.base import Request, Time, with_examples
from blurline.contract.examples import OTHER_ID, TIME
from blurline.policy import Policy


class RerunRequest(Request):
    """Which images of a job are to be made anew, and the fields of their policy that are to change."""

    model_config = with_examples({"states": ["failed", "published"], "policy": {"profile": "thorough"}})
    states: list[Literal["failed", "needs_review", "published"]] = Field(default=["failed"], min_length=1)
    policy: Policy = Policy()


class Rerun(BaseModel):
    """A re-run that has begun. Each of its images stays as it is until its new result is there."""

    model_config = with_examples({"id": OTHER_ID, "images": 2, "without_original": 0})
    id: UUID
    images: int
    without_original: int = Field(default=0, description="Images left out because their original is not kept any more.")


class BacklogRerunRequest(RerunRequest):
    """Which images of every job are to be made anew, the oldest first; a field that is null does not restrict.
    `score_below`: only images with a destroyed face whose score is lower. A dry run only says which it would be."""

    model_config = with_examples(
        {"states": ["failed"], "submitted_from": TIME, "policy": {"profile": "thorough"}, "dry_run": True}
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

    model_config = with_examples(
        {"id": OTHER_ID, "images": 2, "names": ["market/a.jpg", "market/b.jpg"], "without_original": 0}
    )
    id: UUID | None = Field(description="Calls off what is left; null where nothing was begun.")
    images: int
    names: list[str] = Field(description="Of the first 20 images.")
    without_original: int = Field(
        default=0, description="Images left out because their original is not kept any more, counted up to `limit`."
    )


class CancelledRerun(BaseModel):
    """How many images were left of a re-run that was called off. They are as they were before it."""

    model_config = with_examples({"images": 1})
    images: int

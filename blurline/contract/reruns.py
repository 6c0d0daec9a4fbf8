"""Re-runs of a job or a backlog. The API, the flow and the command select images with the same request."""

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

MAX_RERUN_IMAGES = 1_000_000
"""The most images of one re-run."""

NAMED_IMAGES = 20
"""How many of its images a re-run names."""

EndedState = Literal["failed", "needs_review", "published"]
"""A state from which an image can be re-run."""


class RerunRequest(Request):
    """Which images of a job to re-run, and the fields of their policy to change.

    A filter that is null does not restrict. A field that `policy` lacks keeps each image's own value.
    """

    model_config = with_examples({"states": ["failed", "published"], "policy": {"profile": "thorough"}})
    states: list[EndedState] = Field(default=["failed"], min_length=1, max_length=3)
    submitted_from: Time | None = None
    submitted_until: Time | None = Field(default=None, description="Only images submitted before this time.")
    made_with_another_model: StrictBool = Field(
        default=False,
        description="Only images whose result was not made with the model that their profile uses now.",
    )
    score_below: float | None = Field(
        default=None, gt=0, le=1, strict=True, description="Only images with a destroyed face that scores below this."
    )
    limit: int = Field(
        default=MAX_RERUN_IMAGES, ge=1, le=MAX_RERUN_IMAGES, strict=True, description="The oldest images first."
    )
    policy: Policy = Policy()


class Rerun(BaseModel):
    """A re-run that has started. Each image keeps its state and result until the new result replaces them."""

    model_config = with_examples({"id": OTHER_ID, "images": 2, "without_original": 0})
    id: UUID
    images: int
    without_original: int = Field(
        default=0, description="Images skipped because their original is gone, counted up to `limit`."
    )


class BacklogRerunRequest(RerunRequest):
    """Which images of every job to re-run, the oldest first, and the fields of their policy to change.

    A filter that is null does not restrict. A field that `policy` lacks keeps each image's own value. A dry run only
    says which images it would be.
    """

    model_config = with_examples(
        {"states": ["failed"], "submitted_from": TIME, "policy": {"profile": "thorough"}, "dry_run": True}
    )
    owner: Annotated[str, StringConstraints(max_length=512)] | None = None
    job_id: UUID | None = None
    limit: int = Field(default=1000, ge=1, le=MAX_RERUN_IMAGES, strict=True, description="The oldest images first.")
    dry_run: StrictBool = True


class BacklogRerun(BaseModel):
    """The images of a re-run, or of a dry run (`id` is null): how many, and the names of the first."""

    model_config = with_examples(
        {"id": OTHER_ID, "images": 2, "names": ["market/a.jpg", "market/b.jpg"], "without_original": 0}
    )
    id: UUID | None = Field(description="Cancels the re-run; null when nothing was started.")
    images: int
    names: list[str] = Field(description=f"Names of the first {NAMED_IMAGES} images.")
    without_original: int = Field(
        default=0, description="Images skipped because their original is gone, counted up to `limit`."
    )


class CancelledRerun(BaseModel):
    """How many images a cancelled re-run had left. They keep their earlier state and result."""

    model_config = with_examples({"images": 1})
    images: int

"""rerun-backlog: has images that have ended treated again. Run it by hand from the Prefect UI."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog
from prefect import flow
from prefect.runtime import flow_run
from pydantic import BaseModel, ConfigDict, Field

from blurline.ids import new_id
from blurline.policy import OutputFormat, Policy, Review, Style
from blurline.policy.metadata_policy import MetadataPolicy
from blurline.policy.profile import ProfileName
from blurline.settings import load_settings
from models import plan_for
from sql.jobs.submissions import batch_size
from sql.reruns.reruns import Selected, Selection, count_without_original, enqueue, select
from tasks.resources import database

log = structlog.get_logger()

_NAMED_IN_A_DRY_RUN = 200


class EndedState(StrEnum):
    """States from which an image can be re-run."""

    FAILED = "failed"
    NEEDS_REVIEW = "needs_review"
    PUBLISHED = "published"


class PolicyOverrides(BaseModel):
    """What to change in each image's policy; a field left empty keeps the image's own."""

    model_config = ConfigDict(extra="forbid")

    profile: ProfileName | None = None
    min_score: float | None = Field(default=None, ge=0.1, lt=1)
    padding: float | None = Field(default=None, ge=0.2, le=1)
    style: Style | None = None
    cells_per_face: int | None = Field(default=None, ge=1, le=8)
    review: Review | None = None
    max_doubt: float | None = Field(default=None, ge=0, le=1)
    metadata: MetadataPolicy | None = None
    output_format: OutputFormat | None = None


@flow(name="rerun-backlog", persist_result=False)
def rerun_backlog(
    states: list[EndedState] = [EndedState.FAILED],  # noqa: B006  Prefect builds the form from the default
    submitted_from: datetime | None = None,
    submitted_until: datetime | None = None,
    owner: str | None = None,
    job_id: UUID | None = None,
    made_with_another_model: bool = False,
    score_below: float | None = None,
    policy_overrides: PolicyOverrides = PolicyOverrides(),  # noqa: B008  immutable in use
    limit: int = 1000,
    dry_run: bool = True,
) -> str:
    """Re-run ended images through the `backlog` queue.

    An image stays as it is, published or failed, until its new attempt has a result. The last line of the run
    says how many images it took and the id with which `cancel-rerun` calls off what is left.

    Args:
        states: Only images in these states.
        submitted_from: Only images submitted at this time or later.
        submitted_until: Only images submitted before this time.
        owner: Only images of this owner.
        job_id: Only images of this job.
        made_with_another_model: Only images whose result was made with another model than today's.
        score_below: Only images with a destroyed face whose score is lower.
        policy_overrides: What to change in each image's policy.
        limit: At most so many images, the oldest first.
        dry_run: Only say which images it would be.
    """
    selection = Selection(
        tuple(states), submitted_from, submitted_until, owner, job_id, made_with_another_model, score_below, limit
    )
    overrides = policy_overrides.model_dump(mode="json", exclude_none=True)
    return run_again(selection, overrides, UUID(flow_run.id) if flow_run.id else new_id(), dry_run=dry_run)


def run_again(selection: Selection, overrides: dict[str, Any], rerun_id: UUID, *, dry_run: bool) -> str:
    """Enqueue the selection, or only describe it, in one transaction: cancelled half-way, nothing has happened."""
    settings = load_settings()
    current = {
        profile.value: plan_for(Policy(profile=profile), settings).detector.card.sha256 for profile in ProfileName
    }
    with database().transaction() as transaction:
        selected = select(transaction, selection, current, overrides)
        without_original = count_without_original(transaction, selection, current)
        if not dry_run:
            enqueue(transaction, selected, rerun_id, batch_size(settings))
    text = _describe(selected, rerun_id, dry_run=dry_run)
    if without_original:
        text += f"; {without_original} were left out because their original is gone"
    log.info(
        "rerun",
        rerun_id=str(rerun_id),
        images=len(selected),
        without_original=without_original,
        dry_run=dry_run,
    )
    return text


def _describe(selected: list[Selected], rerun_id: UUID, *, dry_run: bool) -> str:
    if not dry_run:
        return f"{len(selected)} images will be re-run; call off what is left with the id {rerun_id}"
    lines = [f"{image.image_id} {image.state} {image.name}" for image in selected[:_NAMED_IN_A_DRY_RUN]]
    more = len(selected) - len(lines)
    return "\n".join(
        [*lines, *([f"… and {more} more"] if more else []), f"{len(selected)} images would be re-run (dry run)"]
    )

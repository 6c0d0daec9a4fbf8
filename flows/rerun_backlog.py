"""rerun-backlog: re-runs images that have ended. Run it by hand from the Prefect UI."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import structlog
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import GetJsonSchemaHandler, SerializerFunctionWrapHandler, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema

from blurline.contract.reruns import NAMED_IMAGES, BacklogRerunRequest, EndedState
from blurline.ids import new_id
from blurline.policy import Policy
from blurline.settings import load_settings
from flows.form import EMPTY, EMPTY_IS_NULL, inlined, titled, with_offset
from flows.outcome import Outcome, completed, dashboard_link
from sql.jobs.submissions import batch_size
from sql.reruns.reruns import RerunImages, rerun
from tasks.resources import database

log = structlog.get_logger()

_LISTED = 1000

_OVERRIDES = "What to change in each image's policy. A field that you leave empty keeps the image's own value."


class PolicyOverrides(Policy):
    """What to change in each image's policy; a field left empty keeps the image's own."""

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, given: Any) -> Any:
        """A form in Prefect sends null for a field that was left empty."""
        return {name: value for name, value in given.items() if value is not None} if isinstance(given, dict) else given

    @model_serializer(mode="wrap")
    def _only_given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Prefect fills the form with the parameter's default, which must not hold the policy's defaults."""
        return {name: value for name, value in handler(self).items() if name in self.model_fields_set}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """No field is required or has a default, so that a form changes only what a person fills in."""
        schema = handler(core_schema)
        own = handler.resolve_ref_schema(schema)
        own.update(inlined(own, handler), title="Policy overrides", description=_OVERRIDES)
        return schema


def _run_name() -> str:
    chosen = flow_run.parameters
    kind = "dry run of" if chosen.get("dry_run", True) else "re-run of"
    job_id = chosen.get("job_id")
    job = f" of job {job_id}" if isinstance(job_id, (str, UUID)) else ""
    return f"{kind} {', '.join(chosen.get('states', ['failed']))} images{job}"


@flow(name="rerun-backlog", flow_run_name=_run_name, persist_result=False)
def rerun_backlog(
    states: Annotated[list[EndedState], titled("States", "Only images in these states.")] = ["failed"],  # noqa: B006  Prefect builds the form from the default
    submitted_from: Annotated[
        datetime | SkipJsonSchema[None],
        titled("Submitted from", "Only images submitted at this time or later. Without an offset, the time is UTC."),
        EMPTY_IS_NULL,
    ] = EMPTY,
    submitted_until: Annotated[
        datetime | SkipJsonSchema[None],
        titled("Submitted until", "Only images submitted before this time. Without an offset, the time is UTC."),
        EMPTY_IS_NULL,
    ] = EMPTY,
    owner: Annotated[
        str | SkipJsonSchema[None], titled("Owner", "Only images of this owner, by the id of the user."), EMPTY_IS_NULL
    ] = EMPTY,
    job_id: Annotated[UUID | SkipJsonSchema[None], titled("Job id", "Only images of this job."), EMPTY_IS_NULL] = EMPTY,
    made_with_another_model: Annotated[
        bool,
        titled("Made with another model", "Only images whose result was made with another model than today's."),
    ] = False,
    score_below: Annotated[
        float | SkipJsonSchema[None],
        titled("Score below", "Only images with a destroyed face that scores below this, from 0 to 1."),
        EMPTY_IS_NULL,
    ] = EMPTY,
    policy_overrides: Annotated[PolicyOverrides, titled("Policy overrides", _OVERRIDES)] = PolicyOverrides(),  # noqa: B008  immutable
    limit: Annotated[int, titled("Limit", "The most images, the oldest first; at most 1,000,000.")] = 1000,
    dry_run: Annotated[bool, titled("Dry run", "Only list the images. Untick it to start the re-run.")] = True,
) -> State[None]:
    """Re-run ended images through the `backlog` queue.

    An image stays as it is, published or failed, until its new attempt has a result. The state's message and the
    log say how many images it took and the id with which `cancel-rerun` cancels what is left. A table names them.
    """
    filters: dict[str, Any] = {
        "submitted_from": submitted_from,
        "submitted_until": submitted_until,
        "owner": owner,
        "job_id": job_id,
        "score_below": score_below,
    }
    given: dict[str, Any] = {
        name: with_offset(value) if isinstance(value, datetime) else value
        for name, value in filters.items()
        if value is not EMPTY
    }
    request = BacklogRerunRequest(
        states=states,
        made_with_another_model=made_with_another_model,
        policy=policy_overrides,
        limit=limit,
        dry_run=dry_run,
        **given,
    )
    rerun_id = UUID(flow_run.id) if flow_run.id else new_id()
    images = _select(request, rerun_id, _LISTED)
    return completed(_outcome(images, rerun_id, request))


def run_again(request: BacklogRerunRequest, rerun_id: UUID) -> str:
    """Re-run what matches, or only describe it, in lines for a terminal."""
    return _describe(_select(request, rerun_id, NAMED_IMAGES), rerun_id, dry_run=request.dry_run)


def _select(request: BacklogRerunRequest, rerun_id: UUID, named: int) -> RerunImages:
    """Re-run what matches in one transaction, or only find it: cancelled half-way, nothing has happened."""
    settings = load_settings()
    with database().transaction() as transaction:
        images = rerun(transaction, request, rerun_id, batch_size(settings), settings, named=named)
    log.info(
        "rerun",
        rerun_id=str(rerun_id),
        images=images.count,
        without_original=images.without_original,
        dry_run=request.dry_run,
    )
    return images


def _outcome(images: RerunImages, rerun_id: UUID, request: BacklogRerunRequest) -> Outcome:
    more = images.count - len(images.first)
    listed = f" The table lists the first {len(images.first)}." if more else ""
    link = dashboard_link("jobs", job=request.job_id) if request.job_id else dashboard_link("system")
    rows = [{"id": str(image.id), "name": image.name, "state": image.state} for image in images.first]
    return Outcome(f"{_total(images, rerun_id, dry_run=request.dry_run)}.{listed}", rows, link)


def _describe(images: RerunImages, rerun_id: UUID, *, dry_run: bool) -> str:
    total = _total(images, rerun_id, dry_run=dry_run)
    if not dry_run:
        return total
    lines = [f"{image.id} {image.state} {image.name}" for image in images.first]
    more = images.count - len(lines)
    return "\n".join([*lines, *([f"… and {more} more"] if more else []), total])


def _total(images: RerunImages, rerun_id: UUID, *, dry_run: bool) -> str:
    left_out = f"; {images.without_original} are left out because their original is no longer stored"
    suffix = left_out if images.without_original else ""
    if dry_run:
        return f"{images.count} images would be re-run (dry run){suffix}"
    return f"{images.count} images will be re-run; cancel what is left with the id {rerun_id}{suffix}"

"""rerun-backlog: re-runs images that have ended. Run it by hand from the Prefect UI."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from prefect import flow
from prefect.runtime import flow_run
from pydantic import GetJsonSchemaHandler, SerializerFunctionWrapHandler, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from blurline.contract.reruns import BacklogRerunRequest, EndedState
from blurline.ids import new_id
from blurline.policy import Policy
from blurline.settings import load_settings
from sql.jobs.submissions import batch_size
from sql.reruns.reruns import RerunImages, rerun
from tasks.resources import database

log = structlog.get_logger()

_NULL = {"type": "null"}


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
        """No field has a default but null, so that a form changes only what a person fills in."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema)["properties"]
        for name, field in properties.items():
            shown = {each: field.pop(each) for each in ("title", "description") if each in field}
            field.pop("default", None)
            kinds = [each for each in field.get("anyOf", [field]) if each != _NULL]
            properties[name] = {"anyOf": [*kinds, _NULL], "default": None, **shown}
        return schema


@flow(name="rerun-backlog", persist_result=False)
def rerun_backlog(
    states: list[EndedState] = ["failed"],  # noqa: B006  Prefect builds the form from the default
    submitted_from: datetime | None = None,
    submitted_until: datetime | None = None,
    owner: str | None = None,
    job_id: UUID | None = None,
    made_with_another_model: bool = False,
    score_below: float | None = None,
    policy_overrides: PolicyOverrides = PolicyOverrides(),  # noqa: B008  immutable
    limit: int = 1000,
    dry_run: bool = True,
) -> str:
    """Re-run ended images through the `backlog` queue.

    An image stays as it is, published or failed, until its new attempt has a result. The last line of the run
    says how many images it took and the id with which `cancel-rerun` cancels what is left.

    Args:
        states: Only images in these states.
        submitted_from: Only images submitted at this time or later.
        submitted_until: Only images submitted before this time.
        owner: Only images of this owner.
        job_id: Only images of this job.
        made_with_another_model: Only images whose result was made with another model than today's.
        score_below: Only images with a destroyed face that scores below this.
        policy_overrides: What to change in each image's policy.
        limit: The most images, the oldest first.
        dry_run: Only say which images it would be.
    """
    request = BacklogRerunRequest(
        states=states,
        submitted_from=submitted_from and with_offset(submitted_from),
        submitted_until=submitted_until and with_offset(submitted_until),
        owner=owner,
        job_id=job_id,
        made_with_another_model=made_with_another_model,
        score_below=score_below,
        policy=policy_overrides,
        limit=limit,
        dry_run=dry_run,
    )
    return run_again(request, UUID(flow_run.id) if flow_run.id else new_id())


def run_again(request: BacklogRerunRequest, rerun_id: UUID) -> str:
    """Re-run what matches in one transaction, or only describe it: cancelled half-way, nothing has happened."""
    settings = load_settings()
    with database().transaction() as transaction:
        images = rerun(transaction, request, rerun_id, batch_size(settings), settings)
    log.info(
        "rerun",
        rerun_id=str(rerun_id),
        images=images.count,
        without_original=images.without_original,
        dry_run=request.dry_run,
    )
    return _describe(images, rerun_id, dry_run=request.dry_run)


def with_offset(time: datetime) -> datetime:
    """The time, in UTC unless it has an offset."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _describe(images: RerunImages, rerun_id: UUID, *, dry_run: bool) -> str:
    left_out = f"; {images.without_original} are left out because their original is no longer stored"
    suffix = left_out if images.without_original else ""
    if not dry_run:
        return f"{images.count} images will be re-run; cancel what is left with the id {rerun_id}{suffix}"
    lines = [f"{image.id} {image.state} {image.name}" for image in images.first]
    more = images.count - len(lines)
    total = f"{images.count} images would be re-run (dry run){suffix}"
    return "\n".join([*lines, *([f"… and {more} more"] if more else []), total])

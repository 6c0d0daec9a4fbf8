"""Re-running the images of a job, for its owner and operators."""

from __future__ import annotations

from uuid import UUID

import structlog
from fastapi import APIRouter

from api.dependencies import Ctx, Who
from api.http.problems import ApiProblem, NotFound, problem_responses
from api.visibility import manageable_owner, not_manageable, visible_owner
from blurline.access.tokens import Scope
from blurline.contract import Rerun, RerunRequest
from blurline.ids import new_id
from sql.jobs.job_queries import job_within
from sql.jobs.quotas import charge, default_quotas
from sql.jobs.submissions import batch_size
from sql.reruns.reruns import Selection, count_without_original, enqueue, select

log = structlog.get_logger()

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.post("/{job_id}/rerun", status_code=202, responses=problem_responses("not_found", "quota_exceeded"))
def rerun_job(context: Ctx, who: Who, job_id: UUID, request: RerunRequest | None = None) -> Rerun:
    """Make images of a job anew with another policy, one's own or (operators) anyone's. Each stays as it is until its
    new result is there. It counts against its owner's quotas like a submission, unless an operator asks for it."""
    settings, request = context.settings, request or RerunRequest()
    changes = request.policy.model_dump(mode="json", exclude_unset=True)
    selection = Selection(tuple(request.states), job_id=job_id, limit=settings.max_images_per_job)
    rerun = new_id()
    with context.database.transaction() as transaction:
        job = job_within(transaction, job_id, visible_owner(who))
        if job is None:
            raise NotFound("job")
        if manageable_owner(who) not in (None, job.owner):
            raise not_manageable("job")
        if not who.scopes & {Scope.SUBMIT, Scope.OPERATE}:
            raise ApiProblem("missing_scope", f"The token lacks the scope `{Scope.SUBMIT}`.")
        selected = select(transaction, selection, {}, changes)
        without_original = count_without_original(transaction, selection, {})
        if Scope.OPERATE not in who.scopes:
            size_bytes = sum(image.original_bytes for image in selected)
            charge(transaction, who.owner, default_quotas(settings), len(selected), size_bytes)
        enqueue(transaction, selected, rerun, batch_size(settings))
    log.info("job_rerun", job_id=str(job_id), rerun_id=str(rerun), images=len(selected), asked_by=who.owner)
    return Rerun(id=rerun, images=len(selected), without_original=without_original)

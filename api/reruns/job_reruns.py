"""Re-running the images of a job, for its owner and operators."""

from __future__ import annotations

from uuid import UUID

import structlog
from fastapi import APIRouter

from api.dependencies import Ctx, Who
from api.http.problems import ApiProblem, NotFound, problem_responses
from api.visibility import manageable_owner, not_manageable, visible_owner
from blurline.access.tokens import Scope
from blurline.contract import BacklogRerunRequest, Rerun, RerunRequest
from blurline.ids import new_id
from sql.jobs.job_queries import job_within
from sql.jobs.quotas import charge, default_quotas
from sql.jobs.submissions import batch_size
from sql.reruns.reruns import rerun

log = structlog.get_logger()

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.post(
    "/{job_id}/rerun",
    status_code=202,
    responses=problem_responses("not_found", "quota_exceeded", "models_unknown", "policy_below_least", "unknown_class"),
)
def rerun_job(context: Ctx, who: Who, job_id: UUID, request: RerunRequest | None = None) -> Rerun:
    """Re-run images of one of the caller's jobs, optionally with another policy; operators can re-run anyone's. Each
    image keeps its result until the new one is ready. A re-run counts against the owner's quotas like a submission,
    unless an operator requests it."""
    settings, request = context.settings, request or RerunRequest()
    rerun_id = new_id()
    with context.database.transaction() as transaction:
        job = job_within(transaction, job_id, visible_owner(who))
        if job is None:
            raise NotFound("job")
        if manageable_owner(who) not in (None, job.owner):
            raise not_manageable("job")
        if not who.scopes & {Scope.SUBMIT, Scope.OPERATE}:
            raise ApiProblem("missing_scope", f"The token lacks the scope `{Scope.SUBMIT}`.")

        def charge_owner(images: int, size_bytes: int) -> None:
            if Scope.OPERATE not in who.scopes:
                charge(transaction, who.owner, default_quotas(settings), images, size_bytes)

        within_job = BacklogRerunRequest(**dict(request), job_id=job_id, dry_run=False)
        images = rerun(transaction, within_job, rerun_id, batch_size(settings), settings, charge_owner)
    log.info("job_rerun", job_id=str(job_id), rerun_id=str(rerun_id), images=images.count, asked_by=who.owner)
    return Rerun(id=rerun_id, images=images.count, without_original=images.without_original)

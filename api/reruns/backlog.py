"""Re-running images of all jobs, and cancelling a re-run. For operators."""

from __future__ import annotations

from uuid import UUID

import structlog
from fastapi import APIRouter

from api.dependencies import Ctx, Operator
from api.http.problems import ApiProblem, problem_responses
from blurline.contract import BacklogRerun, BacklogRerunRequest, CancelledRerun
from blurline.ids import new_id
from sql.jobs.submissions import batch_size
from sql.reruns.reruns import cancel_attempts_of_rerun, is_rerun, rerun

log = structlog.get_logger()

router = APIRouter(prefix="/v1/reruns", tags=["operating"])


@router.post("", responses=problem_responses("models_unknown", "policy_below_least", "unknown_class"))
def rerun_backlog(context: Ctx, who: Operator, request: BacklogRerunRequest) -> BacklogRerun:
    """Re-run images of any owner, or with `dry_run` (the default) only list them. Each image keeps its result until the
    new one is ready."""
    rerun_id = new_id()
    with context.database.transaction() as transaction:
        images = rerun(transaction, request, rerun_id, batch_size(context.settings), context.settings)
    is_begun = bool(images.count) and not request.dry_run
    if is_begun:
        log.info("backlog_rerun", rerun_id=str(rerun_id), images=images.count, asked_by=who.owner)
    return BacklogRerun(
        id=rerun_id if is_begun else None,
        images=images.count,
        names=[image.name for image in images.first],
        without_original=images.without_original,
    )


@router.post("/{rerun_id}/cancel", responses=problem_responses("not_found"))
def cancel_rerun(context: Ctx, who: Operator, rerun_id: UUID) -> CancelledRerun:
    """Cancel the rest of a re-run, of a backlog or of a job. Its images return to their previous state."""
    if not is_rerun(context.database, rerun_id):
        raise ApiProblem("not_found", "There is no re-run with this id.")
    images = cancel_attempts_of_rerun(context.database, rerun_id)
    log.info("rerun_cancelled", rerun_id=str(rerun_id), images=images, asked_by=who.owner)
    return CancelledRerun(images=images)

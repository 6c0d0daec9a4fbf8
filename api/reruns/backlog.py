"""Re-running images of every job, and calling off what is left of a re-run. For operators."""

from __future__ import annotations

from uuid import UUID

import structlog
from fastapi import APIRouter

from api.dependencies import Ctx, Operator
from api.http.problems import ApiProblem, problem_responses
from blurline.contract import BacklogRerun, BacklogRerunRequest, CancelledRerun
from blurline.ids import new_id
from sql.jobs.submissions import batch_size
from sql.reruns.reruns import Selection, call_off_rerun, count_without_original, enqueue, is_rerun, select

log = structlog.get_logger()

router = APIRouter(prefix="/v1/reruns", tags=["operating"])

_NAMED = 20


@router.post("")
def rerun_backlog(context: Ctx, who: Operator, request: BacklogRerunRequest) -> BacklogRerun:
    """Make images anew, whosever they are, or (`dry_run`, the default) say which it would be. Each stays as it is until
    its new result is there. What another model has made is selected by the flow `rerun-backlog` in Prefect alone."""
    selection = Selection(
        tuple(request.states),
        request.submitted_from,
        request.submitted_until,
        request.owner,
        request.job_id,
        score_below=request.score_below,
        limit=request.limit,
    )
    changes = request.policy.model_dump(mode="json", exclude_unset=True)
    with context.database.transaction() as transaction:
        selected = select(transaction, selection, {}, changes)
        without_original = count_without_original(transaction, selection, {})
        rerun_id = new_id() if selected and not request.dry_run else None
        if rerun_id:
            enqueue(transaction, selected, rerun_id, batch_size(context.settings))
    if rerun_id:
        log.info("backlog_rerun", rerun_id=str(rerun_id), images=len(selected), asked_by=who.owner)
    names = [image.name for image in selected[:_NAMED]]
    return BacklogRerun(id=rerun_id, images=len(selected), names=names, without_original=without_original)


@router.post("/{rerun_id}/cancel", responses=problem_responses("not_found"))
def cancel_rerun(context: Ctx, who: Operator, rerun_id: UUID) -> CancelledRerun:
    """Call off what is left of a re-run, of a backlog or of a job. Its images are as they were before."""
    if not is_rerun(context.database, rerun_id):
        raise ApiProblem("not_found", "There is no re-run with this id.")
    images, flow_run_ids = call_off_rerun(context.database, rerun_id)
    context.flow_runs.cancel(flow_run_ids)
    log.info("rerun_cancelled", rerun_id=str(rerun_id), images=images, asked_by=who.owner)
    return CancelledRerun(images=images)

"""Legal holds, which prevent a deletion. Operators place and release them; reviewers can see them."""

from __future__ import annotations

from uuid import UUID

import structlog
from fastapi import APIRouter

from api.dependencies import Ctx, Operator, Who
from api.http.problems import ApiProblem, NotFound, problem_responses
from api.jobs.views import hold_view
from api.visibility import visible_job
from blurline.contract import Hold, HoldRequest, Holds
from sql.deletion.legal_holds import LegalHold as HoldRow
from sql.deletion.legal_holds import hold_image, hold_job, list_holds, release

log = structlog.get_logger()

router = APIRouter(prefix="/v1", tags=["operating"])


@router.put("/jobs/{job_id}/hold", responses=problem_responses("not_found"))
def put_job_hold(context: Ctx, who: Operator, job_id: UUID, request: HoldRequest) -> Hold:
    """Prevent the deletion of a job and its images. Replaces the job's present hold."""
    return _placed(hold_job(context.database, job_id, request.reason, who.owner), "job")


@router.put("/images/{image_id}/hold", responses=problem_responses("not_found"))
def put_image_hold(context: Ctx, who: Operator, image_id: UUID, request: HoldRequest) -> Hold:
    """Prevent the deletion of an image and so of its job. Replaces the image's present hold."""
    return _placed(hold_image(context.database, image_id, request.reason, who.owner), "image")


@router.delete("/jobs/{job_id}/hold", responses=problem_responses("not_found"))
def release_job_hold(context: Ctx, who: Operator, job_id: UUID) -> Hold:
    """Release the hold on a job. Holds on single images of the job stay."""
    return _released(release(context.database, job_id, who.owner))


@router.delete("/images/{image_id}/hold", responses=problem_responses("not_found"))
def release_image_hold(context: Ctx, who: Operator, image_id: UUID) -> Hold:
    """Release the hold on an image. A hold on its job stays."""
    return _released(release(context.database, image_id, who.owner))


@router.get("/jobs/{job_id}/holds", responses=problem_responses("not_found"))
def get_holds(context: Ctx, who: Who, job_id: UUID) -> Holds:
    """Every present and released hold on a job and its images: who, when and why. For reviewers and operators."""
    visible_job(context, who, job_id)
    if not who.sees_everything:
        raise ApiProblem("missing_scope", "Only reviewers and operators can see holds.")
    return Holds(holds=[hold_view(row) for row in list_holds(context.database, job_id)])


def _placed(hold: HoldRow | None, what: str) -> Hold:
    if hold is None:
        raise NotFound(what)
    log.info("hold_placed", job_id=str(hold.job_id), image_id=hold.image_id and str(hold.image_id), by=hold.placed_by)
    return hold_view(hold)


def _released(hold: HoldRow | None) -> Hold:
    if hold is None:
        raise ApiProblem("not_found", "The job or image has no hold of its own.")
    log.info(
        "hold_released", job_id=str(hold.job_id), image_id=hold.image_id and str(hold.image_id), by=hold.released_by
    )
    return hold_view(hold)

"""Legal holds, which prevent a deletion. Operators place and release them; reviewers can see them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog
from fastapi import APIRouter

from api.dependencies import Context, Ctx, Operator, Who
from api.http.problems import ApiProblem, NotFound, problem_responses
from api.jobs.views import hold_view
from api.visibility import visible_job
from blurline.contract import Hold, HoldRequest, Holds
from blurline.errors import ObjectMissing, OriginalChanged
from blurline.storage.store import SubmittedOriginal
from sql.deletion.deletions import grace_periods
from sql.deletion.legal_holds import LegalHold as HoldRow
from sql.deletion.legal_holds import hold_image, hold_job, list_holds, list_replaceable_originals, release

log = structlog.get_logger()

router = APIRouter(prefix="/v1", tags=["operating"])

_COPIES_AT_ONCE = 8


@router.put("/jobs/{job_id}/hold", responses=problem_responses("not_found", "store_unavailable", "bucket_missing"))
def put_job_hold(context: Ctx, who: Operator, job_id: UUID, request: HoldRequest) -> Hold:
    """Prevent the deletion of a job and its images. Replaces the job's present hold."""
    return _placed(context, hold_job(context.database, job_id, request.reason, who.owner), "job")


@router.put("/images/{image_id}/hold", responses=problem_responses("not_found", "store_unavailable", "bucket_missing"))
def put_image_hold(context: Ctx, who: Operator, image_id: UUID, request: HoldRequest) -> Hold:
    """Prevent the deletion of an image and so of its job. Replaces the image's present hold."""
    return _placed(context, hold_image(context.database, image_id, request.reason, who.owner), "image")


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


def _placed(context: Context, hold: HoldRow | None, what: str) -> Hold:
    if hold is None:
        raise NotFound(what)
    _protect_originals(context, hold)
    log.info("hold_placed", job_id=str(hold.job_id), image_id=hold.image_id and str(hold.image_id), by=hold.placed_by)
    return hold_view(hold)


def _protect_originals(context: Context, hold: HoldRow) -> None:
    """Copy originals that an upload form can still replace. The hold is in force before."""
    originals = list_replaceable_originals(context.database, hold, grace_periods(context.settings).upload_s)

    def protect(original: SubmittedOriginal) -> None:
        try:
            context.store.protect_original(original)
        except (ObjectMissing, OriginalChanged) as error:
            log.warning("hold_finds_no_original", job_id=str(hold.job_id), error_code=error.code)

    with ThreadPoolExecutor(_COPIES_AT_ONCE) as threads:
        list(threads.map(protect, originals))


def _released(hold: HoldRow | None) -> Hold:
    if hold is None:
        raise ApiProblem("not_found", "The job or image has no hold of its own.")
    log.info(
        "hold_released", job_id=str(hold.job_id), image_id=hold.image_id and str(hold.image_id), by=hold.released_by
    )
    return hold_view(hold)

"""Legal holds, which prevent a deletion. Operators place and release them; reviewers can see them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter
from fastapi import Path as PathParameter

from api.dependencies import Context, Ctx, Operator, Who
from api.http.problems import ApiProblem, NotFound, problem_responses
from api.jobs.views import hold_view
from api.visibility import visible_job
from blurline.contract import Hold, HoldRequest, Holds
from blurline.errors import ObjectMissing, OriginalChanged
from blurline.storage.store import SubmittedOriginal
from sql.deletion.deletions import grace_periods
from sql.deletion.legal_holds import LegalHold as HoldRow
from sql.deletion.legal_holds import (
    hold_image,
    hold_job,
    hold_owner,
    list_holds,
    list_owner_holds,
    list_replaceable_originals,
    release,
    release_owner,
)

log = structlog.get_logger()

router = APIRouter(prefix="/v1", tags=["operating"])

_COPIES_AT_ONCE = 8

UserId = Annotated[str, PathParameter(max_length=512)]


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
    """Every present and released hold on a job, its images and its owner: who, when and why. For reviewers and
    operators."""
    visible_job(context, who, job_id)
    if not who.sees_everything:
        raise ApiProblem("missing_scope", "Only reviewers and operators can see holds.")
    return Holds(holds=[hold_view(row) for row in list_holds(context.database, job_id)])


@router.put("/users/{user_id:path}/hold", responses=problem_responses("store_unavailable"))
def put_owner_hold(context: Ctx, who: Operator, user_id: UserId, request: HoldRequest) -> Hold:
    """Prevent the deletion of everything of an owner, also of what they submit later. Replaces the owner's present
    hold."""
    return _placed(context, hold_owner(context.database, user_id, request.reason, who.owner), "user")


@router.delete("/users/{user_id:path}/hold", responses=problem_responses("not_found"))
def release_owner_hold(context: Ctx, who: Operator, user_id: UserId) -> Hold:
    """Release the hold on an owner. Holds on single jobs and images stay."""
    return _released(release_owner(context.database, user_id, who.owner))


@router.get("/users/{user_id:path}/holds")
def get_owner_holds(context: Ctx, who: Who, user_id: UserId) -> Holds:
    """Every present and released hold on an owner: who, when and why. For reviewers and operators."""
    if not who.sees_everything:
        raise ApiProblem("missing_scope", "Only reviewers and operators can see holds.")
    return Holds(holds=[hold_view(row) for row in list_owner_holds(context.database, user_id)])


def _placed(context: Context, hold: HoldRow | None, what: str) -> Hold:
    if hold is None:
        raise NotFound(what)
    _protect_originals(context, hold)
    log.info("hold_placed", **_subject(hold), by=hold.placed_by)
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
        raise ApiProblem("not_found", "The job, image or owner has no hold of its own.")
    log.info("hold_released", **_subject(hold), by=hold.released_by)
    return hold_view(hold)


def _subject(hold: HoldRow) -> dict[str, str | None]:
    return {
        "job_id": str(hold.job_id) if hold.job_id else None,
        "image_id": str(hold.image_id) if hold.image_id else None,
        "held_owner": hold.owner,
    }

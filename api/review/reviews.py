"""Review: the next image of the queue, and reviewers' decisions."""

from __future__ import annotations

from uuid import UUID

import structlog
from fastapi import APIRouter

from api.dependencies import Context, Ctx, Reviewer, Who
from api.http.problems import problem_responses
from api.http.streaming import StreamedFile
from api.jobs.views import image_with_detections
from api.visibility import boxes_of, findings_of, readable_original, visible_image, visible_job
from blurline.access.tokens import Identity, Scope
from blurline.contract import (
    ApprovalRequest,
    CorrectionRequest,
    Decision,
    Decisions,
    ImageWithDetections,
    NextReview,
    RejectionRequest,
    ReviewRequest,
    ReviewSelection,
    ReviewTask,
    SentToReview,
)
from blurline.policy.least_policy import check_classes
from sql.jobs.submissions import batch_size
from sql.review.returns import send_to_review
from sql.review.reviews import (
    ClaimedReview,
    approve_image,
    claim,
    claim_next,
    correct_image,
    count_waiting,
    list_decisions,
    record_view,
    reject_image,
    release,
)

log = structlog.get_logger()

router = APIRouter(prefix="/v1", tags=["review"])

_OF_IMAGE = problem_responses("not_found", "review_claimed")
_DECIDING = ("not_found", "review_claimed", "not_held", "image_underway")


@router.post("/reviews/next")
def next_review(context: Ctx, who: Reviewer, request: ReviewRequest | None = None) -> NextReview:
    """Claim the most doubtful waiting image for five minutes. No two reviewers get the same image."""
    claimed = claim_next(context.database, who.owner, request.skip if request else ())
    return NextReview(task=_task(context, who, claimed) if claimed else None)


@router.post("/images/{image_id}/claim", responses=_OF_IMAGE)
def claim_image(context: Ctx, who: Reviewer, image_id: UUID) -> ReviewTask:
    """Claim an image in any state, or extend the claim by five minutes."""
    visible_image(context, who, image_id)
    return _task(context, who, claim(context.database, who.owner, image_id))


@router.post("/images/{image_id}/release", status_code=204, responses=problem_responses("not_found"))
def release_image(context: Ctx, who: Reviewer, image_id: UUID) -> None:
    """Release a claimed image to other reviewers."""
    visible_image(context, who, image_id)
    release(context.database, who.owner, image_id)


@router.post(
    "/images/{image_id}/approve",
    responses=problem_responses(
        *_DECIDING, "result_changed", "result_refused", "marks_missing", "frames_unseen", "another_reviewer_needed"
    ),
)
def approve(context: Ctx, who: Reviewer, image_id: UUID, request: ApprovalRequest) -> ImageWithDetections:
    """Publish the result that the reviewer has seen, if it still is the image's current one. Where two reviewers are
    demanded, the first approval leaves the image at the review gate with the code `second_approval`."""
    visible_image(context, who, image_id)
    least = context.settings.least_policy.least_reviewers
    approve_image(context.database, who.owner, image_id, request.result_sha256, request.frames_shown, least)
    log.info("image_approved", image_id=str(image_id), reviewer=who.owner)
    return _shown(context, who, image_id)


@router.post("/images/{image_id}/reject", responses=problem_responses(*_DECIDING))
def reject(context: Ctx, who: Reviewer, image_id: UUID, request: RejectionRequest | None = None) -> ImageWithDetections:
    """Withdraw an image permanently, also while it is processed. It fails with the code `rejected`."""
    visible_image(context, who, image_id)
    reject_image(context.database, who.owner, image_id, request.note if request else "")
    log.info("image_rejected", image_id=str(image_id), reviewer=who.owner)
    return _shown(context, who, image_id)


@router.post(
    "/images/{image_id}/correct",
    status_code=202,
    responses=problem_responses(*_DECIDING, "original_gone", "box_outside", "unknown_class"),
)
def correct(context: Ctx, who: Reviewer, image_id: UUID, request: CorrectionRequest) -> ImageWithDetections:
    """Render an image again with these boxes destroyed. An image that is published is withdrawn meanwhile if a face was
    added; otherwise it keeps its result until the new one is ready."""
    row = visible_image(context, who, image_id)
    found = {box.class_name for box in boxes_of(context, row)}
    check_classes({box.class_name for box in request.destroy} - found, context.settings)
    correct_image(
        context.database,
        who.owner,
        image_id,
        request.destroy,
        batch_size(context.settings),
        note=request.note,
        is_held=request.hold,
        least_reviewers=context.settings.least_policy.least_reviewers,
    )
    log.info("image_corrected", image_id=str(image_id), reviewer=who.owner, boxes=len(request.destroy))
    return _shown(context, who, image_id)


@router.get("/images/{image_id}/decisions", responses=problem_responses("not_found"))
def get_decisions(context: Ctx, who: Reviewer, image_id: UUID) -> Decisions:
    """List the decisions on an image: who, when and what changed."""
    visible_image(context, who, image_id)
    rows = list_decisions(context.database, image_id)
    return Decisions(decisions=[Decision.model_validate(row, from_attributes=True) for row in rows])


@router.get(
    "/images/{image_id}/original",
    response_class=StreamedFile,
    responses={
        200: {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The original, as it was submitted. It shows faces.",
        },
        **problem_responses(
            "not_found",
            "original_changed",
            "original_gone",
            "source_object_missing",
            "source_object_changed",
            "source_refused",
            "source_unavailable",
            "store_unavailable",
            "bucket_missing",
        ),
    },
)
def get_original(context: Ctx, who: Reviewer, image_id: UUID) -> StreamedFile:
    """Download the original. For reviewers only; every view is recorded."""
    original = readable_original(visible_image(context, who, image_id))
    record_view(context.database, who.owner, image_id)
    log.info("original_looked_at", image_id=str(image_id), reviewer=who.owner)
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    content = context.store.open_original(original)
    return StreamedFile(content, 200, headers, "application/octet-stream")


@router.post("/jobs/{job_id}/review", responses=problem_responses("not_found"))
def review_images_of_job(context: Ctx, who: Who, job_id: UUID, request: ReviewSelection) -> SentToReview:
    """Send published images of a job to review: nobody but reviewers can fetch them until one approves them. For the
    job's owner, reviewers and operators. Reviewers can also name rejected images, to take a rejection back."""
    visible_job(context, who, job_id)
    sent = send_to_review(
        context.database,
        job_id,
        request.image_ids,
        request.doubt_above,
        with_rejected=Scope.REVIEW in who.scopes and request.image_ids is not None,
    )
    log.info("images_sent_to_review", job_id=str(job_id), images=sent, requested_by=who.owner)
    return SentToReview(images=sent)


def _task(context: Context, who: Identity, claimed: ClaimedReview) -> ReviewTask:
    image = _shown(context, who, claimed.image_id)
    return ReviewTask(image=image, claimed_until=claimed.until, waiting=count_waiting(context.database))


def _shown(context: Context, who: Identity, image_id: UUID) -> ImageWithDetections:
    row = visible_image(context, who, image_id)
    return image_with_detections(row, boxes_of(context, row), findings_of(context, row))

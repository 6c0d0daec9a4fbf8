"""Images: what became of a picture, and its result once it is published."""

from __future__ import annotations

from uuid import UUID

import structlog
from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from api.context import Context, Ctx, Reviewer, Who, problems, visible_owner
from api.problems import NotFound, Problem
from api.views import ImageWithDetections, image_with_detections
from blurline.tokens import Identity, Scope
from sql.attempts import approve
from sql.reading import ImageRow, find_image, list_detections

log = structlog.get_logger()

router = APIRouter(prefix="/v1/images", tags=["images"], responses=problems(403, 404, 422, 503))


@router.get("/{image_id}")
def get_image(context: Ctx, who: Who, image_id: UUID) -> ImageWithDetections:
    """An image, its state and every box found in it."""
    row = _image(context, who, image_id)
    found = list_detections(context.database, row.result_attempt_id) if row.result_attempt_id else []
    return image_with_detections(row, found)


@router.get(
    "/{image_id}/result",
    response_class=StreamingResponse,
    responses={200: {"content": {"image/*": {}}, "description": "The picture"}, **problems(404, 409)},
)
def get_result(context: Ctx, who: Who, image_id: UUID) -> StreamingResponse:
    """The published picture; to reviewers also one that is held for them. An original is never sent."""
    row = _image(context, who, image_id)
    is_held_for_them = row.state == "needs_review" and Scope.REVIEW in who.scopes
    if row.result_key is None or not (row.state == "published" or is_held_for_them):
        raise Problem(409, "not_published", f"The image is {row.state}: it has no published result.")
    headers = {"ETag": f'"{row.result_sha256}"', "Content-Length": str(row.result_bytes), "Cache-Control": "private"}
    return StreamingResponse(context.store.stream_result(row.result_key), 200, headers, row.result_media_type)


@router.post("/{image_id}/approve", responses=problems(404, 409))
def approve_image(context: Ctx, who: Reviewer, image_id: UUID) -> ImageWithDetections:
    """Publish the result that an image is held with, after having looked at it."""
    row = _image(context, who, image_id)
    with context.database.transaction() as transaction:
        is_approved = approve(transaction, image_id)
    if not is_approved:
        raise Problem(409, "not_held", f"The image is {row.state} and holds no result that could be approved.")
    log.info("image_approved", image_id=str(image_id), reviewer=who.subject)
    return get_image(context, who, image_id)


def _image(context: Context, who: Identity, image_id: UUID) -> ImageRow:
    row = find_image(context.database, visible_owner(who), image_id)
    if row is None:
        raise NotFound("image")
    return row

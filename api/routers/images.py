"""Images: what became of a picture, and its result once it is published."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from api.context import Context, Ctx, Who, problems, visible_owner
from api.problems import NotFound, Problem
from api.views import ImageWithDetections, image_with_detections
from blurline.tokens import Identity
from sql.reading import ImageRow, find_image, list_detections

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
    """The published picture. Nothing but a published result is ever sent."""
    row = _image(context, who, image_id)
    if row.state != "published" or row.result_key is None:
        raise Problem(409, "not_published", f"The image is {row.state}: it has no published result.")
    headers = {"ETag": f'"{row.result_sha256}"', "Content-Length": str(row.result_bytes), "Cache-Control": "private"}
    return StreamingResponse(context.store.stream_result(row.result_key), 200, headers, row.result_media_type)


def _image(context: Context, who: Identity, image_id: UUID) -> ImageRow:
    row = find_image(context.database, visible_owner(who), image_id)
    if row is None:
        raise NotFound("image")
    return row

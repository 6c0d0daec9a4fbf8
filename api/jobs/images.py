"""Images: their state, their detections, their result, and deletion."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response

from api.dependencies import Ctx, Who
from api.http.byte_range import parse_range
from api.http.paging import Cursor, Limit
from api.http.problems import problem_responses
from api.http.streaming import StreamedFile
from api.jobs.file_names import file_path
from api.jobs.image_lists import ImageSort, SearchedImages, image_page, order_of
from api.jobs.views import detection_views, image_with_detections, receipt_view
from api.visibility import boxes_of, findings_of, manageable_owner, not_manageable, sendable_result, visible_image
from blurline.access.tokens import Scope
from blurline.contract import DeletionReceipt, Detections, ImagePage, ImageWithDetections, Neighbours
from sql.deletion.deletions import delete_image as delete
from sql.deletion.deletions import grace_periods
from sql.jobs.image_search import ImagePlace, neighbours
from sql.jobs.job_queries import ImageRow, find_flow_run

router = APIRouter(prefix="/v1/images", tags=["images"])

_NOT_PLAIN = re.compile(r'[^\x20-\x7e]|["\\%]')


@router.get("", responses=problem_responses("invalid_cursor"))
def get_images(
    context: Ctx, wanted: SearchedImages, limit: Limit = 100, cursor: Cursor = None, sort: ImageSort = ImageSort.NEWEST
) -> ImagePage:
    """Search the images of all jobs: the caller's own, or for reviewers and operators everyone's."""
    return image_page(context, wanted, order_of(sort, wanted), f"images{sort}", limit, cursor)


@router.get("/{image_id}", responses=problem_responses("not_found"))
def get_image(context: Ctx, who: Who, image_id: UUID) -> ImageWithDetections:
    """Return an image with its state and detections."""
    row = visible_image(context, who, image_id)
    flow_run_id = find_flow_run(context.database, row.id) if Scope.OPERATE in who.scopes else None
    return image_with_detections(row, boxes_of(context, row), findings_of(context, row), flow_run_id)


@router.get("/{image_id}/neighbours", responses=problem_responses("not_found"))
def get_neighbours(
    context: Ctx, who: Who, image_id: UUID, wanted: SearchedImages, sort: ImageSort = ImageSort.NEWEST
) -> Neighbours:
    """Return the images before and after an image in a search. The image itself need not match it (any more)."""
    place = ImagePlace.of(visible_image(context, who, image_id))
    before, after = neighbours(context.database, wanted, order_of(sort, wanted), place)
    return Neighbours(previous=before, next=after)


@router.get("/{image_id}/detections", responses=problem_responses("not_found"))
def get_detections(context: Ctx, who: Who, image_id: UUID) -> Detections:
    """List every detected box of an image, including those that were not destroyed."""
    row = visible_image(context, who, image_id)
    return Detections(
        image_id=row.id,
        width_px=row.width_px,
        height_px=row.height_px,
        detections=detection_views(boxes_of(context, row)),
    )


_RESULT_HEADERS = {
    "ETag": {"schema": {"type": "string"}, "description": "Changes with the picture."},
    "Accept-Ranges": {"schema": {"type": "string"}},
    "Content-Disposition": {"schema": {"type": "string"}, "description": "The owner's name for the picture."},
}
_PICTURE = {"image/*": {"schema": {"type": "string", "format": "binary"}}}


@router.head("/{image_id}/result", include_in_schema=False)
@router.get(
    "/{image_id}/result",
    response_class=StreamedFile,
    responses={
        200: {"content": _PICTURE, "description": "The picture", "headers": _RESULT_HEADERS},
        206: {"content": _PICTURE, "description": "The requested range"},
        304: {"description": "The picture has not changed since the version in `If-None-Match`"},
        **problem_responses(
            "not_found", "not_published", "result_gone", "range_not_satisfiable", "store_unavailable", "bucket_missing"
        ),
    },
)
def get_result(
    context: Ctx,
    who: Who,
    image_id: UUID,
    request: Request,
    if_none_match: Annotated[str | None, Header()] = None,
    if_range: Annotated[str | None, Header()] = None,
    range_: Annotated[str | None, Header(alias="range", description="One range of bytes.")] = None,
) -> Response:
    """Download the published picture. Reviewers can also download a result at the review gate. Never sends an
    original."""
    row = visible_image(context, who, image_id)
    key, size_bytes = sendable_result(who, row), row.result_bytes or 0
    etag = f'"{row.result_sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": _disposition(row),
        "X-Content-Type-Options": "nosniff",
    }
    if if_none_match is not None and _names(if_none_match, etag):
        return Response(None, 304, headers)
    is_whole = if_range is not None and if_range != etag
    asked = None if is_whole else parse_range(range_, size_bytes)
    headers["Content-Length"] = str(asked.length if asked else size_bytes)
    if asked:
        headers["Content-Range"] = f"bytes {asked.first}-{asked.last}/{size_bytes}"
    status = 206 if asked else 200
    if request.method == "HEAD":
        return Response(None, status, headers, row.result_media_type)
    content = context.store.stream_result(key, *((asked.first, asked.length) if asked else ()))
    return StreamedFile(content, status, headers, row.result_media_type)


@router.delete("/{image_id}", status_code=202, responses=problem_responses("not_found", "on_hold"))
def delete_image(context: Ctx, who: Who, image_id: UUID) -> DeletionReceipt:
    """Delete one of the caller's images; operators can delete anyone's. Its rows are deleted at once, its original and
    results soon after, even while a worker processes it. `GET /v1/deletions/{id}` shows when everything is gone."""
    receipt = delete(context.database, manageable_owner(who), image_id, who.owner, grace_periods(context.settings))
    if receipt is None:
        visible_image(context, who, image_id)
        raise not_manageable("image")
    return receipt_view(receipt)


def _disposition(row: ImageRow) -> str:
    """The owner's name for the picture, with the extension of the result (RFC 6266)."""
    shown = file_path(row.name, row.position, row.result_key or "").name
    plain = _NOT_PLAIN.sub("_", shown)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}"


def _names(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags

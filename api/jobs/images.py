"""Images: their state, their detections, their result, and deletion."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from api.dependencies import Ctx, Who
from api.http.byte_range import parse_range
from api.http.filters import OwnerFilter
from api.http.paging import Cursor, Limit, next_cursor, parse_cursor
from api.http.problems import ApiProblem, problem_responses
from api.http.streaming import StreamedFile
from api.jobs.file_names import file_path
from api.jobs.views import detection_views, image_view, image_with_detections, receipt_view
from api.visibility import boxes_of, listed_owner, manageable_owner, not_manageable, sendable_result, visible_image
from blurline.access.tokens import Scope
from blurline.contract import DeletionReceipt, Detections, ImagePage, ImageState, ImageWithDetections, Time
from sql.deletion.deletions import delete_image as delete
from sql.deletion.deletions import grace_periods
from sql.engine.database import SortOrder
from sql.jobs.job_queries import ImageFilter, ImageRow, find_flow_run, list_images, list_images_by_doubt

router = APIRouter(prefix="/v1/images", tags=["images"])

_UNKNOWN_DOUBT = 2.0
_NOT_PLAIN = re.compile(r'[^\x20-\x7e]|["\\%]')


class ImageSort(StrEnum):
    """Orders of images. `-doubt` lists the most doubtful images of one `state` first."""

    NEWEST = "-created_at"
    OLDEST = "created_at"
    DOUBT = "-doubt"


@router.get("", responses=problem_responses("invalid_cursor"))
def get_images(
    context: Ctx,
    who: Who,
    limit: Limit = 100,
    cursor: Cursor = None,
    sort: ImageSort = ImageSort.NEWEST,
    state: ImageState | None = None,
    error_code: Annotated[str | None, Query(max_length=63)] = None,
    since: Time | None = None,
    until: Time | None = None,
    owner: OwnerFilter = None,
) -> ImagePage:
    """List images of all jobs: the caller's own, or for reviewers and operators everyone's."""
    wanted = ImageFilter(listed_owner(who, owner), state, error_code, since, until)
    listed = f"images{sort}"
    if sort is ImageSort.DOUBT:
        if state is None:
            raise ApiProblem("invalid_request", "sort=-doubt requires a state, for example state=needs_review.")
        rows = list_images_by_doubt(context.database, wanted, limit, parse_cursor(listed, cursor, float, UUID))
        at = [_UNKNOWN_DOUBT if rows[-1].doubt is None else rows[-1].doubt, rows[-1].id] if rows else []
    else:
        order = SortOrder.ASCENDING if sort is ImageSort.OLDEST else SortOrder.DESCENDING
        rows = list_images(context.database, wanted, limit, parse_cursor(listed, cursor, UUID), order)
        at = [rows[-1].id] if rows else []
    return ImagePage(images=[image_view(row) for row in rows], next_cursor=next_cursor(listed, rows, limit, *at))


@router.get("/{image_id}", responses=problem_responses("not_found"))
def get_image(context: Ctx, who: Who, image_id: UUID) -> ImageWithDetections:
    """Return an image with its state and detections."""
    row = visible_image(context, who, image_id)
    flow_run_id = find_flow_run(context.database, row.id) if Scope.OPERATE in who.scopes else None
    return image_with_detections(row, boxes_of(context, row), flow_run_id)


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

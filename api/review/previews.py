"""Previews: small versions of results and, for reviewers, of originals."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from uuid import UUID

import structlog
from fastapi import APIRouter

from api.dependencies import Context, Ctx, Who
from api.http.problems import ApiProblem, problem_responses
from api.http.streaming import StreamedFile
from api.visibility import readable_original, sendable_result, visible_image
from blurline.access.tokens import Identity, Scope
from blurline.errors import ObjectMissing
from blurline.storage.preview_keys import PREVIEW_MEDIA_TYPE, PreviewSize, preview_key
from sql.jobs.job_queries import ImageRow
from sql.review.reviews import record_view

log = structlog.get_logger()

router = APIRouter(prefix="/v1/images", tags=["images"])


class Of(StrEnum):
    """What a preview shows."""

    RESULT = "result"
    ORIGINAL = "original"


@router.get(
    "/{image_id}/preview",
    response_class=StreamedFile,
    responses={
        200: {
            "content": {PREVIEW_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
            "description": "A JPEG of the upright picture",
        },
        **problem_responses(
            "not_found",
            "preview_missing",
            "not_published",
            "result_gone",
            "original_gone",
            "store_unavailable",
            "bucket_missing",
        ),
    },
)
def get_preview(
    context: Ctx, who: Who, image_id: UUID, of: Of = Of.RESULT, size: PreviewSize = PreviewSize.THUMB
) -> StreamedFile:
    """Return a small version of the result, for everyone who can download the result, or of the original, for reviewers
    only; each view of an original is recorded. Every image has a `thumb`; images at the review gate also have a
    `view`."""
    row = visible_image(context, who, image_id)
    headers = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    try:
        content = _original(context, who, row, size) if of is Of.ORIGINAL else _result(context, who, row, size)
    except ObjectMissing as error:
        raise ApiProblem("preview_missing", f"The image has no {size} of its {of}.") from error
    return StreamedFile(content, 200, headers, PREVIEW_MEDIA_TYPE)


def _result(context: Context, who: Identity, row: ImageRow, size: PreviewSize) -> Iterator[bytes]:
    return context.store.stream_result(preview_key(sendable_result(who, row), size))


def _original(context: Context, who: Identity, row: ImageRow, size: PreviewSize) -> Iterator[bytes]:
    if Scope.REVIEW not in who.scopes:
        raise ApiProblem(
            "missing_scope", f"The token lacks the scope `{Scope.REVIEW}`, which is required for originals."
        )
    content = context.store.stream_original_preview(preview_key(readable_original(row).key, size))
    record_view(context.database, who.owner, row.id)
    log.info("original_looked_at", image_id=str(row.id), reviewer=who.owner, size=size)
    return content

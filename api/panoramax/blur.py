"""`POST /panoramax/blur/`: a Panoramax server sends a picture and waits for its result (docs/panoramax.md)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated, Any
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request, Response, Security
from fastapi.security import HTTPBasic

from api.dependencies import BASIC_AT, Context, Ctx, Submitter
from api.events.live_hub import Hub
from api.http.problems import ApiProblem, problem_responses
from api.http.streaming import StreamedFile
from api.jobs.spooled_body import spooled_form
from api.panoramax.answer import FORM, accepts_form, result_answer
from api.panoramax.submission import PART, submitted_image
from api.visibility import boxes_of
from blurline.errors import ObjectMissing
from sql.jobs.job_queries import ImageRow, find_image

router = APIRouter(prefix=BASIC_AT.rstrip("/"), tags=["panoramax"])

_MAX_PARTS = 1
_LOOK_AGAIN_S = 5.0
_PAUSE_S = 0.1
_SOON_S = 10
_LATER_S = 3600
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": [PART],
                    "additionalProperties": False,
                    "properties": {PART: {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


class _DescribedBasic(HTTPBasic):
    """HTTP Basic in the OpenAPI document. The token is checked where every token is."""

    async def __call__(self, request: Request) -> None:  # type: ignore[override]
        """Nothing."""


_basic = _DescribedBasic(description="Any user name, and a token as the password.", auto_error=False)


@router.post(
    "/blur/",
    response_class=StreamedFile,
    openapi_extra=_BODY,
    dependencies=[Security(_basic)],
    responses={
        200: {
            "description": "The published picture, with `annotations`, `blurring_id` and `service_name`: in the parts "
            "`image` and `metadata`, or as a JPEG with the metadata in the header `x-sgblur`",
            "content": {
                FORM: {"schema": {"type": "object"}},
                "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
            },
        },
        **problem_responses(
            "unsupported_media_type", "picture_too_large", "policy_below_least", "quota_exceeded", "no_result",
            "store_unavailable", "bucket_missing",
        ),
    },
)  # fmt: skip
async def blur_picture(
    context: Ctx,
    who: Submitter,
    request: Request,
    keep: Annotated[
        str | None, Query(max_length=10, description="Accepted and ignored: nothing unblurred is ever kept.")
    ] = None,
    accept: Annotated[str | None, Header(description=f"`{FORM}` for the form.")] = None,
) -> Response:
    """Submit one picture with the preset `street` and wait for its result.

    The same bytes get the same image, however often they are sent. Without a published result, for example while it
    waits for a review, the answer is 503."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise ApiProblem("unsupported_media_type", f"Send {FORM} with the part `{PART}`.")
    limiter = context.submission_threads
    async with spooled_form(request, _MAX_PARTS, _MAX_PARTS) as form:
        image_id = await to_thread.run_sync(submitted_image, context, who.owner, form, limiter=limiter)
    await _ended(context, request.app.state.hub, who.owner, image_id)
    return await to_thread.run_sync(_answer, context, who.owner, image_id, accepts_form(accept))


async def _ended(context: Context, hub: Hub, owner: str, image_id: UUID) -> None:
    """Return when the image is neither queued nor being processed, or at the deadline."""
    with contextlib.suppress(TimeoutError), hub.watch(owner) as wake:
        async with asyncio.timeout(context.settings.requests.panoramax_wait_s):
            while True:
                wake.clear()
                row = await hub.read(find_image, context.database, owner, image_id)
                if row is None or row.state not in ("queued", "processing"):
                    return
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), _LOOK_AGAIN_S)
                await asyncio.sleep(_PAUSE_S)  # events of the owner's other images wake this request too


def _answer(context: Context, owner: str, image_id: UUID, as_form: bool) -> Response:
    """The published result. Read again once it is open, so that no withdrawn result is sent. Raises ApiProblem."""
    row = find_image(context.database, owner, image_id)
    while row is not None and row.state == "published" and row.result_gone_at is None:
        try:
            content = context.store.stream_result(row.result_key or "")
        except ObjectMissing:
            content = None
        again = find_image(context.database, owner, image_id)
        is_current = again is not None and (again.state, again.result_key) == (row.state, row.result_key)
        if content is not None and is_current:
            return result_answer(row, boxes_of(context, row), content, as_form=as_form)
        if content is not None:
            content.close()
        elif is_current:
            raise ApiProblem("no_result", "The result was not found in the store. Ask your operator.")
        row = again
    raise _without_result(row)


def _without_result(row: ImageRow | None) -> ApiProblem:
    if row is None:
        why, retry_s = "The image was deleted while the request waited", _SOON_S
    elif row.state == "needs_review":
        why, retry_s = f"The result of image {row.id} waits for a reviewer's approval", _LATER_S
    elif row.state == "failed":
        why, retry_s = f"Image {row.id} failed ({row.error_code}): {row.error_message}", _LATER_S
    else:
        why, retry_s = f"Image {row.id} is still being processed", _SOON_S
    return ApiProblem("no_result", f"{why.rstrip('.')}.", {"Retry-After": str(retry_s)})

"""Addresses for the Submit page's browser: forms for its uploads, and a way for files that cannot go to the store
directly.

A file on this way is passed on as it arrives, in pieces: the dashboard keeps none of it.
"""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import AsyncIterator
from functools import cache
from http import HTTPStatus

import httpx
from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from blurline.contract import Upload
from blurline.errors import BlurlineError, RetryableError
from dashboard.access.sign_in import browser_of
from dashboard.jobs.upload_desk import PATH, UploadDesk, desks

_MOST_FORMS = 1000
_TIMEOUT_S = 60


class FormsRequest(BaseModel):
    """How many forms, for files of up to how many bytes."""

    count: int = Field(ge=1, le=_MOST_FORMS)
    max_bytes: int = Field(ge=0, le=1 << 40)


async def _create_forms(request: Request) -> Response:
    desk = _desk(request)
    if desk is None:
        return _expired()
    try:
        asked = FormsRequest.model_validate_json(await request.body())
        forms = await run_in_threadpool(desk.new_forms, asked.count, asked.max_bytes)
    except ValidationError:
        return PlainTextResponse("The request is not valid. Reload the page.", HTTPStatus.UNPROCESSABLE_ENTITY)
    except RetryableError:
        return PlainTextResponse("Blurline does not respond at the moment.", HTTPStatus.SERVICE_UNAVAILABLE)
    except BlurlineError as error:
        return PlainTextResponse(str(error), HTTPStatus.CONFLICT)
    return JSONResponse([_shown(id_, upload) for id_, upload in forms])


def _shown(id_: str, upload: Upload) -> dict[str, object]:
    """The form for the browser, with its remaining time: the browser's clock may be wrong."""
    shown: dict[str, object] = {"id": id_, "key": upload.key, "url": upload.url, "fields": upload.fields}
    return shown | {"max_bytes": upload.max_bytes, "valid_s": upload.expires_at.timestamp() - time.time()}


async def _pass_on(request: Request) -> Response:
    """Send the body to the store with a form that was made for this desk."""
    desk = _desk(request)
    form = desk.form(request.path_params["id"]) if desk else None
    if form is None:
        return _expired()
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > form.max_bytes:
        return PlainTextResponse("The file is larger than its form allows.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    boundary = secrets.token_hex(16)
    head, tail = _around(form, boundary)
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Content-Length": str(len(head) + int(length) + len(tail)),
    }
    try:
        async with httpx.AsyncClient(verify=_trust(), timeout=_TIMEOUT_S) as http:
            answer = await http.post(form.url, headers=headers, content=_pieces(head, request, tail))
    except (httpx.HTTPError, ClientDisconnect):
        return PlainTextResponse("The store does not respond.", HTTPStatus.BAD_GATEWAY)
    if answer.is_success:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    if answer.is_client_error:
        return PlainTextResponse(f"The store refuses it ({answer.status_code}).", HTTPStatus.CONFLICT)
    return PlainTextResponse(f"The store answered {answer.status_code}.", HTTPStatus.BAD_GATEWAY)


def _around(form: Upload, boundary: str) -> tuple[bytes, bytes]:
    """The parts of a multipart form before and after the file's content."""
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form.fields.items()
    )
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="picture"\r\n\r\n'
    return (fields + file).encode(), f"\r\n--{boundary}--\r\n".encode()


async def _pieces(head: bytes, request: Request, tail: bytes) -> AsyncIterator[bytes]:
    yield head
    async for piece in request.stream():
        if piece:
            yield piece
    yield tail


def _desk(request: Request) -> UploadDesk | None:
    """The desk of the address, for its own browser."""
    desk = desks.get(request.path_params["token"])
    browser = browser_of(request.cookies, request.headers.get("host", ""))
    return desk if desk is not None and browser is not None and desk.browser == browser else None


def _expired() -> Response:
    return PlainTextResponse(
        "Your session has ended. Reload the page, and choose the files again.", HTTPStatus.NOT_FOUND
    )


@cache
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context()


ROUTES = (
    Route(f"{PATH}/{{token}}/forms", _create_forms, methods=["POST"]),
    Route(f"{PATH}/{{token}}/files/{{id}}", _pass_on, methods=["POST"]),
)
"""For the dashboard's server."""

"""Checks the token before the first byte of a body is read.

FastAPI reads a body before it resolves the dependencies that check the token. Without this middleware, strangers could
make the process read and hold bodies. Endpoints that are open to everybody do not read a body.
"""

from __future__ import annotations

import contextlib

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import identify_caller
from api.http.problems import blurline_problem
from blurline.errors import BlurlineError


class TokenBeforeBody:
    """Middleware. It answers with the problem that the endpoint would answer with."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and check its token when its body is asked for."""
        if scope["type"] != "http" or not _has_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        request, is_checked, has_answered = Request(scope), False, False
        refusal: JSONResponse | None = None

        async def checked() -> Message:
            nonlocal is_checked, refusal
            if not is_checked:
                is_checked = True
                try:
                    await to_thread.run_sync(identify_caller, request)
                except BlurlineError as error:
                    refusal = blurline_problem(request, error)
                    raise _RefusedError from error
            return await receive()

        async def noted(message: Message) -> None:
            nonlocal has_answered
            if refusal is not None and not has_answered:  # an inner handler caught our exception and answers it
                return
            has_answered = True
            await send(message)

        with contextlib.suppress(_RefusedError):
            await self._app(scope, checked, noted)
        if refusal is not None and not has_answered:
            await refusal(scope, receive, send)


class _RefusedError(Exception):
    """The token is not valid, or cannot be checked."""


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"

"""Limits on the size of a request body, also without a Content-Length: large for submissions, small for the rest."""

from __future__ import annotations

import contextlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import problem_response

_SMALL_BYTES = 2_000_000
_LARGE_AT = {("POST", "/v1/jobs"), ("POST", "/panoramax/blur/")}


class BodyLimit:
    """Answers 413 as soon as the declared or received size exceeds the limit.

    ``max_bytes`` is the limit for submissions. Other bodies are read before
    the token is checked, so they must be small.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count the bytes of its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_submission = (scope["method"], scope["path"]) in _LARGE_AT
        most = self._max_bytes if is_submission else min(_SMALL_BYTES, self._max_bytes)
        refusal = problem_response(
            "request_too_large", f"The request is larger than {most / 1e6:g} MB. Send fewer files at a time."
        )
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > most:
            await refusal(scope, receive, send)
            return
        arrived, has_answered = 0, False

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > most:
                raise _TooLargeError
            return message

        async def noted(message: Message) -> None:
            nonlocal has_answered
            if arrived > most and not has_answered:  # an inner handler caught our exception and sends another response
                return
            has_answered = True
            await send(message)

        with contextlib.suppress(_TooLargeError):
            await self._app(scope, counted, noted)
        if arrived > most and not has_answered:
            await refusal(scope, receive, send)


class _TooLargeError(Exception):
    """The body exceeds the limit."""

"""Errors as RFC 9457 problem details. ``code`` is stable; the log has what the client must not see."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from blurline.errors import BlurlineError, ObjectMissing, PermanentError, PictureError, RetryableError
from blurline.tokens import InvalidToken
from sql.submissions import AlreadySubmitted

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"

_STATUS: list[tuple[type[BlurlineError], int]] = [
    (InvalidToken, 401),
    (AlreadySubmitted, 409),
    (ObjectMissing, 422),
    (PictureError, 422),
    (PermanentError, 400),
    (RetryableError, 503),
    (BlurlineError, 500),
]


class Problem(Exception):
    """An answer other than success, raised where it is found."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


class NotFound(Problem):
    """There is no such thing, or it is somebody else's."""

    def __init__(self, what: str) -> None:
        super().__init__(404, "not_found", f"There is no {what} of yours with this id.")


def problem(status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    """The response for a problem."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail}
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}.get(status)
    return JSONResponse({**body, **more}, status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem."""

    @app.exception_handler(Problem)
    def known(_: Request, error: Problem) -> JSONResponse:
        return problem(error.status, error.code, error.detail)

    @app.exception_handler(BlurlineError)
    def ours(request: Request, error: BlurlineError) -> JSONResponse:
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        if isinstance(error, RetryableError):
            log.warning("request_unavailable", path=request.url.path, error_code=error.code, error=str(error))
            return problem(status, error.code, "A part of the service does not answer at the moment. Try again soon.")
        return problem(status, error.code, str(error))

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        errors = [{"where": ".".join(map(str, e["loc"])), "what": e["msg"]} for e in error.errors()]
        detail = "; ".join(f"{e['where']}: {e['what']}" for e in errors)
        return problem(422, "invalid_request", detail, errors=errors)

    @app.exception_handler(HTTPException)
    def http(_: Request, error: HTTPException) -> JSONResponse:
        code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(error.status_code, "http_error")
        answer = problem(error.status_code, code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    def unforeseen(request: Request, error: Exception) -> JSONResponse:
        log.exception("request_broke", path=request.url.path, exc_info=error)
        return problem(500, "internal", "Something broke on our side; the operator finds it in the log.")

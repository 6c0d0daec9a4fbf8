"""Errors as RFC 9457 problem details, with the codes of `blurline.error_codes`. Internals go only to the log."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from api.http.operations import operations
from blurline import contract
from blurline.error_codes import ERROR_CODES
from blurline.errors import BlurlineError, PermanentError, RetryableError
from blurline.observability import metrics
from sql.jobs.quotas import OverQuota

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"

_HEADERS = {401: {"WWW-Authenticate": 'Bearer error="invalid_token"'}, 503: {"Retry-After": "5"}}
_MOST_ERRORS = 20
_TEMPORARY = "A part of the service does not respond at the moment. Try again soon."


class ApiProblem(Exception):
    """An error response. ``code`` is a key of `ERROR_CODES` that has an HTTP status."""

    def __init__(self, code: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.headers = code, detail, headers or {}


class NotFound(ApiProblem):
    """The resource does not exist, or it belongs to another owner."""

    def __init__(self, what: str) -> None:
        super().__init__("not_found", f"You have no {what} with this id.")


def problem_response(code: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """Build the response for a problem."""
    body = _body(code, detail, structlog.contextvars.get_contextvars().get("request_id"), **more)
    return _ProblemResponse(body, {**_HEADERS.get(body.status, {}), **(headers or {})})


def problem_responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of problem responses, with an example of each code."""
    described: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        meaning = ERROR_CODES[code].meaning
        example = _body(code, meaning, "5f1c0f3e9a0b4d4c")
        response = described.setdefault(
            example.status,
            {
                "description": example.title,
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )
        response["content"][MEDIA_TYPE]["examples"][code] = {
            "summary": meaning,
            "value": example.model_dump(exclude_none=True),
        }
    return described


def install_error_handlers(app: FastAPI) -> None:
    """Answer every error of the application with a problem response."""

    @app.exception_handler(ApiProblem)
    def known(_: Request, error: ApiProblem) -> JSONResponse:
        return problem_response(error.code, error.detail, error.headers)

    @app.exception_handler(OverQuota)
    def over_quota(_: Request, error: OverQuota) -> JSONResponse:
        return problem_response(error.code, str(error), {"Retry-After": str(error.retry_after_s)})

    @app.exception_handler(BlurlineError)
    def ours(request: Request, error: BlurlineError) -> JSONResponse:
        return blurline_problem(request, error)

    @app.exception_handler(psycopg.DataError)
    def not_for_the_database(request: Request, error: psycopg.DataError) -> JSONResponse:
        log.warning("request_not_for_database", path=request.url.path, error=str(error))
        return problem_response("invalid_request", "The request contains a value the database cannot store.")

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return invalid_request(list(error.errors()))

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        code = _CODE_OF_STATUS.get(error.status_code, "malformed_request" if error.status_code < 500 else "internal")
        headers, detail = dict(error.headers or {}), str(error.detail)
        if code == "not_found":
            detail = "This path does not exist. See /docs for the list of paths."
        if code == "method_not_allowed" and (methods := ", ".join(sorted(operations(request.app, request.url.path)))):
            headers["Allow"] = methods
            detail = f"This path accepts {methods}."
        return problem_response(code, detail, headers)


def blurline_problem(request: Request, error: BlurlineError) -> JSONResponse:
    """The response to one of Blurline's errors."""
    if isinstance(error, RetryableError):
        log.warning("request_unavailable", path=request.url.path, error_code=error.code, error=str(error))
        return problem_response(error.code, _TEMPORARY)
    if isinstance(error, PermanentError) and ERROR_CODES[error.code].status is not None:
        return problem_response(error.code, str(error))
    return internal_error(request, error)


def internal_error(request: Request, error: Exception) -> JSONResponse:
    """The response to an unexpected error. `api.middleware.request_log` sends it, outside the application."""
    log.exception("request_broke", path=request.url.path, exc_info=error)
    return problem_response("internal", "An unexpected error occurred. Ask your operator: it is in the service's log.")


def invalid_request(errors: list[Any]) -> JSONResponse:
    """The response to an invalid request, from pydantic's errors."""
    broken = next((each for each in errors if each["type"] == "json_invalid"), None)
    if broken is not None:
        why = broken.get("ctx", {}).get("error", broken["msg"])
        return problem_response("malformed_request", f"The body is not valid JSON: {why}.")
    shown = errors[:_MOST_ERRORS]
    where_and_what = [{"where": _where(each["loc"]), "what": _SAID.get(each["type"], each["msg"])} for each in shown]
    detail = "; ".join(f"{each['where']}: {each['what']}" for each in where_and_what)
    return problem_response("invalid_request", detail, errors=where_and_what)


def _body(code: str, detail: str, request_id: str | None, **more: Any) -> contract.Problem:
    status = ERROR_CODES[code].status
    if status is None:
        raise ValueError(f"The error code {code} has no HTTP status.")
    return contract.Problem(
        title=HTTPStatus(status).phrase, status=status, code=code, detail=detail, request_id=request_id, **more
    )


def _where(place: Sequence[str | int]) -> str:
    return ".".join(map(str, place)) or "body"


_SAID = {
    "extra_forbidden": "unknown field",
    "missing": "is missing",
}
"""Simpler messages for some of pydantic's error types."""


class _ProblemResponse(JSONResponse):
    """A problem response that counts itself in the metrics when it is sent."""

    def __init__(self, body: contract.Problem, headers: dict[str, str]) -> None:
        super().__init__(body.model_dump(exclude_none=True), body.status, headers, MEDIA_TYPE)
        self._code = body.code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        metrics.http_problems.labels(self._code).inc()
        await super().__call__(scope, receive, send)


_CODE_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large", 415: "unsupported_media_type"}

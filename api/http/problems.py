"""Errors as RFC 9457 problem details. ``code`` is stable; the log has what the client must not see."""

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
from blurline.errors import BlurlineError, PermanentError, RetryableError
from blurline.observability import metrics
from sql.jobs.quotas import QuotaExceeded

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"

PROBLEMS: dict[str, tuple[int, str]] = {
    "invalid_request": (422, "The request is not of the documented form."),
    "malformed_request": (400, "The request cannot be parsed."),
    "invalid_cursor": (422, "The cursor is not one that this list has given, or was given for another order."),
    "invalid_token": (401, "There is no bearer token, or it is not valid."),
    "missing_scope": (403, "The token does not allow this."),
    "origin_not_allowed": (403, "Pages of this origin may not connect."),
    "urls_not_allowed": (403, "Images cannot be submitted by URL here."),
    "webhooks_not_allowed": (403, "Webhooks cannot be set up here."),
    "not_found": (404, "There is no such thing, or it is not yours."),
    "method_not_allowed": (405, "The path exists, but not with this method."),
    "not_published": (409, "The image has no published result."),
    "original_gone": (410, "The original is not kept any more."),
    "result_gone": (410, "The result is not kept any more."),
    "on_hold": (409, "The job or the image is on hold and may not be deleted."),
    "deletion_underway": (409, "The deletion is not completed yet."),
    "not_held": (409, "The image holds no result that could be approved."),
    "review_claimed": (409, "Another reviewer is at the image."),
    "result_changed": (409, "The image has another result than the one that was looked at."),
    "image_underway": (409, "An attempt at the image is under way."),
    "preview_missing": (404, "There is no preview of this size."),
    "upload_already_submitted": (409, "The key belongs to an image already."),
    "request_in_progress": (409, "A request with this Idempotency-Key is still at work."),
    "preset_is_builtin": (409, "A built-in preset cannot be changed."),
    "too_many_webhooks": (409, "No more webhooks can be set up."),
    "webhook_disabled": (409, "The webhook is disabled."),
    "picture_too_large": (413, "A file is over the limit."),
    "request_too_large": (413, "The request is over the limit."),
    "unsupported_media_type": (415, "The request has a content type that is not read here."),
    "range_not_satisfiable": (416, "The range lies outside the picture."),
    "address_refused": (422, "A URL leads to an address that may not be reached."),
    "duplicate_key": (422, "A key stands twice in the request."),
    "image_count": (422, "The job has too few or too many images."),
    "object_missing": (422, "Nothing is stored under a key."),
    "idempotency_key_reused": (422, "The Idempotency-Key was used for another request."),
    "retention_too_long": (422, "The job asks to be kept longer than anything is kept here."),
    "unknown_preset": (422, "There is no preset of this name."),
    "rate_limited": (429, "Too many requests in too short a time."),
    "quota_exceeded": (429, "The request is over a quota of its owner."),
    "internal": (500, "Something broke on our side."),
    "prefect_unavailable": (503, "Prefect does not answer."),
    "database_unavailable": (503, "The database does not answer."),
    "store_unavailable": (503, "The store does not answer."),
    "issuer_unavailable": (503, "The OpenID Connect issuer does not answer."),
}
"""Every code with which the API answers: its status and what it means."""

_HEADERS = {401: {"WWW-Authenticate": 'Bearer error="invalid_token"'}, 503: {"Retry-After": "5"}}
_MOST_ERRORS = 20
_SENTENCE_FOR_RETRYABLE = "A part of the service does not answer at the moment. Try again soon."


class Problem(Exception):
    """An answer other than success, raised where it is found. ``code`` is one of `PROBLEMS`."""

    def __init__(self, code: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.headers = code, detail, headers or {}


class NotFound(Problem):
    """There is no such thing, or it is somebody else's."""

    def __init__(self, what: str) -> None:
        super().__init__("not_found", f"There is no {what} of yours with this id.")


def problem(code: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """The response for a problem."""
    status = PROBLEMS[code][0]
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    body = contract.Problem(
        title=HTTPStatus(status).phrase, status=status, code=code, detail=detail, request_id=request_id, **more
    )
    return _Answer(body, {**_HEADERS.get(status, {}), **(headers or {})})


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of problem answers, with an example of each code."""
    described: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        status, meaning = PROBLEMS[code]
        example = contract.Problem(
            title=HTTPStatus(status).phrase, status=status, code=code, detail=meaning, request_id="5f1c0f3e9a0b4d4c"
        )
        answer = described.setdefault(
            status,
            {
                "description": HTTPStatus(status).phrase,
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )
        answer["content"][MEDIA_TYPE]["examples"][code] = {
            "summary": meaning,
            "value": example.model_dump(exclude_none=True),
        }
    return described


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem."""

    @app.exception_handler(Problem)
    def known(_: Request, error: Problem) -> JSONResponse:
        return problem(error.code, error.detail, error.headers)

    @app.exception_handler(QuotaExceeded)
    def over_quota(_: Request, error: QuotaExceeded) -> JSONResponse:
        return problem(error.code, str(error), {"Retry-After": str(error.retry_after_s)})

    @app.exception_handler(BlurlineError)
    def ours(request: Request, error: BlurlineError) -> JSONResponse:
        if isinstance(error, RetryableError):
            log.warning("request_unavailable", path=request.url.path, error_code=error.code, error=str(error))
            return problem(error.code, _SENTENCE_FOR_RETRYABLE)
        if isinstance(error, PermanentError) and error.code in PROBLEMS:
            return problem(error.code, str(error))
        return unforeseen(request, error)

    @app.exception_handler(psycopg.DataError)
    def not_for_the_database(request: Request, error: psycopg.DataError) -> JSONResponse:
        log.warning("request_not_for_database", path=request.url.path, error=str(error))
        return problem("invalid_request", "A value of the request is one that cannot be stored or looked for.")

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return invalid_request(list(error.errors()))

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        code = _OF_STATUS.get(error.status_code, "malformed_request" if error.status_code < 500 else "internal")
        headers, detail = dict(error.headers or {}), str(error.detail)
        if code == "not_found":
            detail = "There is no such path; /docs lists those that there are."
        if code == "method_not_allowed" and (methods := ", ".join(sorted(operations(request.app, request.url.path)))):
            headers["Allow"] = methods
            detail = f"This path takes {methods}."
        return problem(code, detail, headers)


def unforeseen(request: Request, error: Exception) -> JSONResponse:
    """The answer to an unexpected error. `api.middleware.request_log` gives it, outside of the application."""
    log.exception("request_broke", path=request.url.path, exc_info=error)
    return problem("internal", "Something broke on our side; the operator finds it in the log.")


def invalid_request(errors: list[Any]) -> JSONResponse:
    """The answer to a request that does not validate, from pydantic's errors."""
    broken = next((each for each in errors if each["type"] == "json_invalid"), None)
    if broken is not None:
        why = broken.get("ctx", {}).get("error", broken["msg"])
        return problem("malformed_request", f"The body is not JSON: {why}.")
    shown = errors[:_MOST_ERRORS]
    where_and_what = [{"where": _where(each["loc"]), "what": _SAID.get(each["type"], each["msg"])} for each in shown]
    detail = "; ".join(f"{each['where']}: {each['what']}" for each in where_and_what)
    return problem("invalid_request", detail, errors=where_and_what)


def _where(place: Sequence[str | int]) -> str:
    return ".".join(map(str, place)) or "body"


_SAID = {
    "extra_forbidden": "there is no such field",
    "missing": "is missing",
}
"""What pydantic's types of errors mean to whoever has made the request, where its own words do not say it."""


class _Answer(JSONResponse):
    """Is counted when it is sent."""

    def __init__(self, body: contract.Problem, headers: dict[str, str]) -> None:
        super().__init__(body.model_dump(exclude_none=True), body.status, headers, MEDIA_TYPE)
        self._code = body.code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        metrics.http_problems.labels(self._code).inc()
        await super().__call__(scope, receive, send)


_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large", 415: "unsupported_media_type"}

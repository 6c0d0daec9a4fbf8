"""Errors between a client and the API.

ApiError                the API answered with a problem
PermanentError
├── ApiRefused          an ApiError; trying again cannot help
├── NotTheApi           another program answered, not the API
└── UploadRefused       the store refused a file
RetryableError
└── Unavailable
    ├── ApiUnavailable  an ApiError; trying again may help
    │   └── QuotaExceeded   … once the quota has room; the client does not retry it
    ├── ApiUnreachable  the API did not respond
    └── UploadFailed    the store did not respond, or is temporarily unavailable
"""

from __future__ import annotations

import re
from http import HTTPStatus

import httpx
from pydantic import ValidationError

from blurline.contract import Problem
from blurline.errors import BlurlineError, PermanentError, RetryableError

_BUSY = {429, 502, 503, 504}
_IN_PROGRESS = "request_in_progress"
_S3_CODE = re.compile(rb"<Code>([A-Za-z]+)</Code>")
_OVER_QUOTA = "quota_exceeded"


class ApiError(BlurlineError):
    """The API answered with a problem: its status, stable code, message, and request id for the service's log.

    For an invalid request, ``errors`` lists the wrong fields (``where`` and ``what``).
    """

    code: str  # type: ignore[misc]  # the problem's, in place of the class's

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.status, self.code, self.detail = problem.status, problem.code, problem.detail
        self.request_id, self.errors = problem.request_id, problem.errors or []


class ApiRefused(ApiError, PermanentError):
    """The API refused the request."""


class Unavailable(RetryableError):
    """The server did not respond, or is temporarily unavailable.

    ``was_ignored``: the request certainly had no effect, so any request can be repeated.
    """

    retry_after_s = 0.0
    was_ignored = False


class ApiUnavailable(ApiError, Unavailable):
    """The API is temporarily unable to handle the request."""

    def __init__(self, problem: Problem, retry_after_s: float) -> None:
        super().__init__(problem)
        self.retry_after_s = retry_after_s
        self.was_ignored = problem.status == HTTPStatus.TOO_MANY_REQUESTS


class QuotaExceeded(ApiUnavailable):
    """The submission exceeds a quota of its owner; the quota may have room after ``retry_after_s`` seconds."""


class ApiUnreachable(Unavailable):
    """The API did not respond, or the connection broke."""

    code = "api_unreachable"

    def __init__(self, message: str, *, was_ignored: bool) -> None:
        super().__init__(message)
        self.was_ignored = was_ignored


class UploadFailed(Unavailable):
    """The store did not respond, or is temporarily unavailable."""

    code = "store_unavailable"


class NotTheApi(PermanentError):
    """The address is not that of a compatible Blurline API."""

    code = "not_the_api"


class UploadRefused(PermanentError):
    """The store refused the file."""

    code = "upload_refused"


def error_of(response: httpx.Response) -> ApiError:
    """Return the error that an unsuccessful answer of the API describes. The response must have been read."""
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:  # a proxy in front of the API answered
        phrase = response.reason_phrase or "an error"
        detail = f"{response.url.host} answered {response.status_code} ({phrase})."
        problem = Problem(title=phrase, status=response.status_code, code="http_error", detail=detail)
    if problem.code == _OVER_QUOTA:
        return QuotaExceeded(problem, _retry_after_s(response))
    if problem.status in _BUSY or problem.code == _IN_PROGRESS:
        return ApiUnavailable(problem, _retry_after_s(response))
    return ApiRefused(problem)


def refusal_of(response: httpx.Response) -> UploadRefused:
    """Return the error that the store's answer to an upload describes."""
    found = _S3_CODE.search(response.content)
    code = found[1].decode() if found else str(response.status_code)
    return UploadRefused(f"The store refused the file: {code}.")


def _retry_after_s(response: httpx.Response) -> float:
    given = response.headers.get("retry-after", "")
    return float(given) if given.isdecimal() else 0.0

"""What can go wrong between a client and the API.

ApiError                the API answered with a problem
PermanentError
├── ApiRefused          … which trying again cannot help (an ApiError)
├── NotTheApi           something answered that is not the API
└── UploadRefused       the store does not take a file
RetryableError
└── Unavailable
    ├── ApiUnavailable  … which trying again may help (an ApiError)
    │   └── QuotaExceeded   … once there is room in a quota; not tried again by itself
    ├── ApiUnreachable  the API did not answer
    └── UploadFailed    the store did not answer, or cannot at the moment
"""

from __future__ import annotations

import re
from http import HTTPStatus

import httpx
from pydantic import ValidationError

from blurline.contract import Problem
from blurline.errors import BlurlineError, PermanentError, RetryableError

_BUSY = {429, 502, 503, 504}
_STILL_AT_WORK = "request_in_progress"
_S3_CODE = re.compile(rb"<Code>([A-Za-z]+)</Code>")
_OVER_QUOTA = "quota_exceeded"


class ApiError(BlurlineError):
    """The API answered with a problem: its status, stable code, sentence, and the id that finds it in the log.

    ``errors`` say which fields of the request are wrong (``where`` and ``what``), where that is what it is about.
    """

    code: str  # type: ignore[misc]  # the problem's, in place of the class's

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.status, self.code, self.detail = problem.status, problem.code, problem.detail
        self.request_id, self.errors = problem.request_id, problem.errors or []


class ApiRefused(ApiError, PermanentError):
    """The request cannot be met."""


class Unavailable(RetryableError):
    """The other side did not answer, or cannot at the moment.

    ``was_ignored``: nothing can have come of the request, so that any can be made again.
    """

    retry_after_s = 0.0
    was_ignored = False


class ApiUnavailable(ApiError, Unavailable):
    """The API cannot meet the request at the moment."""

    def __init__(self, problem: Problem, retry_after_s: float) -> None:
        super().__init__(problem)
        self.retry_after_s = retry_after_s
        self.was_ignored = problem.status == HTTPStatus.TOO_MANY_REQUESTS


class QuotaExceeded(ApiUnavailable):
    """The submission is over a quota of its owner; ``retry_after_s`` is when there may be room."""


class ApiUnreachable(Unavailable):
    """The API did not answer, or the connection broke."""

    code = "api_unreachable"

    def __init__(self, message: str, *, was_ignored: bool) -> None:
        super().__init__(message)
        self.was_ignored = was_ignored


class UploadFailed(Unavailable):
    """The store did not answer, or cannot take a file at the moment."""

    code = "store_unavailable"


class NotTheApi(PermanentError):
    """What answers at the address is not the API of Blurline."""

    code = "not_the_api"


class UploadRefused(PermanentError):
    """The store does not take the file."""

    code = "upload_refused"


def error_of(response: httpx.Response) -> ApiError:
    """The error that an answer of the API other than success states. The response has been read."""
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:  # something between us and the API has answered
        phrase = response.reason_phrase or "an error"
        detail = f"{response.url.host} answered {response.status_code} ({phrase})."
        problem = Problem(title=phrase, status=response.status_code, code="http_error", detail=detail)
    if problem.code == _OVER_QUOTA:
        return QuotaExceeded(problem, _retry_after_s(response))
    if problem.status in _BUSY or problem.code == _STILL_AT_WORK:
        return ApiUnavailable(problem, _retry_after_s(response))
    return ApiRefused(problem)


def refusal_of(response: httpx.Response) -> UploadRefused:
    """The error that an answer of the store to an upload states."""
    found = _S3_CODE.search(response.content)
    code = found[1].decode() if found else str(response.status_code)
    return UploadRefused(f"The store did not take the file: {code}.")


def _retry_after_s(response: httpx.Response) -> float:
    given = response.headers.get("retry-after", "")
    return float(given) if given.isdecimal() else 0.0

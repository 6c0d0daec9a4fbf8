"""HTTP requests: renews an expired token, and retries where that is safe and may help."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, BinaryIO, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from blurline.client.errors import (
    ApiUnreachable,
    NotTheApi,
    QuotaExceeded,
    Unavailable,
    UploadFailed,
    error_of,
    refusal_of,
)
from blurline.errors import ConfigurationError

Token = str | Callable[[], str]
"""A bearer token, or a callable that returns a fresh one."""

OnWait = Callable[[Unavailable, float], None]
"""Called before each retry with the error and the pause in seconds."""

T = TypeVar("T")

_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 10.0
_FIRST_PATIENCE_S = 5.0
_TIMEOUT = httpx.Timeout(60, connect=10)
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def wait_silently(_error: Unavailable, _pause_s: float) -> None:
    """Ignore the pause."""


class Transport:
    """Connections to one API. Safe to share between threads.

    Failed requests are retried for up to ``patience_s``, with growing pauses. Until the first answer, the address is
    probably wrong, so retries last only a few seconds.
    """

    def __init__(self, api_url: str, token: Token, patience_s: float, on_wait: OnWait) -> None:
        self._url, self._patience_s, self._on_wait = api_url, patience_s, on_wait
        self._has_answered = False
        try:
            self._http = httpx.Client(base_url=_checked(api_url), auth=_Bearer(token), timeout=_TIMEOUT)
        except httpx.InvalidURL as error:
            raise ConfigurationError(f"The API's address {api_url!r} is not valid: {error}.") from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(
        self, method: str, path: str, *, is_repeatable: bool = True, accepting: Collection[int] = (), **content: Any
    ) -> httpx.Response:
        """Return a successful answer, or one with a status in ``accepting``.

        A request that is not repeatable is retried only if it certainly had no effect. Raises ApiRefused,
        ApiUnavailable, ApiUnreachable.
        """

        def send() -> httpx.Response:
            with self._reaching():
                response = self._http.request(method, path, **content)
            self._has_answered = True
            if not response.is_success and response.status_code not in accepting:
                raise error_of(response)
            return response

        return self._persist(send, is_repeatable=is_repeatable)

    def ask(self, kind: type[T], method: str, path: str, *, is_repeatable: bool = True, **content: Any) -> T:
        """Return a successful answer, parsed. Raises NotTheApi, and what `request` raises."""
        return self.parsed(kind, self.request(method, path, is_repeatable=is_repeatable, **content))

    def parsed(self, kind: type[T], response: httpx.Response) -> T:
        """Parse an answer. Raises NotTheApi."""
        try:
            return TypeAdapter(kind).validate_json(response.content)
        except ValidationError as error:
            raise NotTheApi(f"{self._url} is not a compatible Blurline API. Check the address.") from error

    def download(self, path: str, file: BinaryIO) -> None:
        """Write the answer into a file, from the start again when the connection breaks. Raises as `request`."""

        def send() -> None:
            file.seek(0)
            file.truncate()
            with self._reaching(), self._http.stream("GET", path) as response:
                self._has_answered = True
                if not response.is_success:
                    response.read()
                    raise error_of(response)
                file.writelines(response.iter_bytes())

        self._persist(send, is_repeatable=True)

    def upload(self, url: str, fields: dict[str, str], file: BinaryIO) -> None:
        """POST a form with a file to the store, streamed from disk. Raises UploadRefused, UploadFailed."""

        def send() -> None:
            try:
                # No token: it is only for the API. httpx reads the file from its start each time.
                response = self._http.post(url, data=fields, files={"file": ("picture", file)}, auth=httpx.Auth())
            except httpx.RequestError as error:
                raise UploadFailed(f"The store does not respond ({type(error).__name__}).") from error
            if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise UploadFailed(f"The store answered {response.status_code}.")
            if not response.is_success:
                raise refusal_of(response)

        self._persist(send, is_repeatable=True)

    def _persist(self, send: Callable[[], T], *, is_repeatable: bool) -> T:
        began_at = time.monotonic()
        for pause_s in _pauses():
            try:
                return send()
            except QuotaExceeded:
                raise  # the caller decides what to do while it waits
            except Unavailable as error:
                wait_s = max(pause_s, error.retry_after_s)
                patience_s = self._patience_s if self._has_answered else min(self._patience_s, _FIRST_PATIENCE_S)
                is_over = time.monotonic() + wait_s > began_at + patience_s
                if is_over or not (is_repeatable or error.was_ignored):
                    raise
                self._on_wait(error, wait_s)
            time.sleep(wait_s)
        raise AssertionError("the pauses do not end")

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except httpx.RequestError as error:
            raise ApiUnreachable(
                f"The API at {self._url} does not respond ({type(error).__name__}).",
                was_ignored=isinstance(error, _UNSENT),
            ) from error


class _Bearer(httpx.Auth):
    """Sends the token, and a fresh one once the API refuses it."""

    def __init__(self, token: Token) -> None:
        self._token = token
        self._current = token if isinstance(token, str) else token()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._current}"
        response = yield request
        if response.status_code == HTTPStatus.UNAUTHORIZED and not isinstance(self._token, str):
            self._current = self._token()
            request.headers["Authorization"] = f"Bearer {self._current}"
            yield request


def _checked(api_url: str) -> str:
    if not api_url.startswith(("http://", "https://")):
        raise ConfigurationError(f"The API's address {api_url!r} must be http://host:port or https://host:port.")
    return api_url


def _pauses() -> Iterator[float]:
    """Growing pauses in seconds, randomised so that clients do not retry at the same time."""
    longest_s = _FIRST_PAUSE_S
    while True:
        yield random.uniform(longest_s / 2, longest_s)
        longest_s = min(longest_s * 2, _LONGEST_PAUSE_S)

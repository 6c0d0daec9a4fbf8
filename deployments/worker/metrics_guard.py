"""A server of metrics that answers only requests with a bearer token."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIServer

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


def require_token(server: WSGIServer, token: str) -> None:
    """Have the server answer 401 to requests without this token."""
    application, wanted = server.get_app(), f"Bearer {token}".encode()
    assert application is not None

    def guarded(environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        given = environment.get("HTTP_AUTHORIZATION", "").encode("latin-1", "replace")
        if hmac.compare_digest(given, wanted):
            return application(environment, start_response)
        start_response("401 Unauthorized", [("WWW-Authenticate", "Bearer"), ("Content-Type", "text/plain")])
        return [b"The bearer token is not the value of BLURLINE_WORKER_METRICS_TOKEN.\n"]

    server.set_app(guarded)

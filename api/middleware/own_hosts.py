"""Refuses requests under names that are not the API's own: pages that point their own name to our address."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.problems import problem_response
from blurline.access.hosts import is_own, own_names
from blurline.settings import Settings

_OPEN_PATHS = ("/liveness", "/healthcheck", "/metrics")
"""Probes and Prometheus reach a process by its IP address. These paths show no pictures and no names of files."""


class OwnHosts:
    """Answers 400 to requests and WebSockets with another ``Host``."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._names = own_names((settings.api.url, settings.api.public_url), settings.access.allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if its name is one of ours."""
        host = Headers(scope=scope).get("host", "") if scope["type"] != "lifespan" else ""
        if scope["type"] == "lifespan" or scope["path"] in _OPEN_PATHS or is_own(host, self._names):
            await self._app(scope, receive, send)
            return
        refusal = problem_response(
            "host_not_allowed",
            f"The API does not answer as {host[:255]!r}. To allow this name, add it to BLURLINE_ALLOWED_HOSTS.",
        )
        await refusal(scope, receive, send)

"""The server span of every request, which goes on the trace that its `traceparent` names."""

from __future__ import annotations

from opentelemetry.trace import SpanKind, StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.observation import QUIET_PATHS, route_of
from blurline.telemetry import span


class Tracing:
    """Outside of `Observation`, so that its line in the log has the trace's id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within a span."""
        if scope["type"] != "http" or scope["path"] in QUIET_PATHS:
            await self._app(scope, receive, send)
            return
        method, parent = scope["method"], Headers(scope=scope).get("traceparent")
        with span(method, parent=parent, kind=SpanKind.SERVER) as server:

            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    server.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        server.set_status(StatusCode.ERROR)
                await send(message)

            try:
                await self._app(scope, receive, noted)
            finally:
                server.update_name(f"{method} {route_of(scope)}")
                server.set_attributes({"http.request.method": method, "http.route": route_of(scope)})

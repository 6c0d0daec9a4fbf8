"""Gives every request an id, a log line and a metric."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import internal_error
from blurline.ids import new_id
from blurline.observability import metrics

log = structlog.get_logger()

QUIET_PATHS = frozenset({"/liveness", "/metrics"})
"""Paths that machines request every few seconds."""

_REQUEST_ID = "X-Request-Id"
_SANE_ID = re.compile(r"[!-~]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestLog:
    """Outside of every middleware that may respond. It answers uncaught exceptions itself, so that they are logged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and log it when it ends."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(_REQUEST_ID, "")
        request_id = given if _SANE_ID.fullmatch(given) else new_id().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._http(scope, receive, send, request_id)

    async def _http(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        began_s, status = time.perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[_REQUEST_ID] = request_id
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            if status:
                raise
            await internal_error(Request(scope), error)(scope, receive, noted)
        finally:
            _note(scope, status or 500, time.perf_counter() - began_s)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        began_s, is_open = time.perf_counter(), False

        async def noted(message: Message) -> None:
            nonlocal is_open
            await send(message)
            if message["type"] == "websocket.accept":
                is_open = True
                metrics.websocket_clients.inc()

        try:
            await self._app(scope, receive, noted)
        finally:
            if is_open:
                metrics.websocket_clients.dec()
            log.info(
                "websocket", route=route_of(scope), open_s=round(time.perf_counter() - began_s, 1), **_owner(scope)
            )


def route_of(scope: Scope) -> str:
    """The template of the request's route, or `none` for a path without a route."""
    return getattr(scope.get("route"), "path", "none")


def _note(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "other"
    route = route_of(scope)
    metrics.http_requests.labels(method, route, status).observe(seconds)
    level = logging.DEBUG if scope["path"] in QUIET_PATHS else logging.INFO
    log.log(level, "request", method=method, route=route, status=status, ms=round(seconds * 1000, 1), **_owner(scope))


def _owner(scope: Scope) -> dict[str, Any]:
    """The caller, if `api.dependencies` has identified one."""
    state = scope.get("state", {})
    return {"owner": state["owner"]} if "owner" in state else {}

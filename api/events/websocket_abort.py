"""Cutting a WebSocket off.

ASGI has the polite close alone. It waits until the client has taken all that was sent before, and so do the server's
buffer and the socket, for as long as a client that takes nothing likes.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

log = structlog.get_logger()

_KEY = "blurline.abort"


class WebSocketAbort:
    """The outermost middleware: only there ``send`` still is the server's own, behind which lies the connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note how the connection of a WebSocket is cut."""
        if scope["type"] == "websocket":
            transport = getattr(getattr(send, "__self__", None), "transport", None)
            scope[_KEY] = getattr(transport, "abort", None)
        await self._app(scope, receive, send)


def cut(websocket: WebSocket) -> None:
    """Drop the connection with all that waits to be sent. A server other than uvicorn may not let us."""
    abort: Callable[[], None] | None = websocket.scope.get(_KEY)
    if abort is None:
        log.warning("websocket_not_cut")
    else:
        abort()

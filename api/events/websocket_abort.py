"""Abort a WebSocket connection.

ASGI offers only a clean close. It waits until the client has read everything sent before; a client that reads nothing
would hold the server's buffer and the socket forever.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

log = structlog.get_logger()

_KEY = "blurline.abort"


class WebSocketAbort:
    """The outermost middleware: only there is ``send`` the server's own function, which leads to the connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Remember how to abort the connection of a WebSocket."""
        if scope["type"] == "websocket":
            transport = getattr(getattr(send, "__self__", None), "transport", None)
            scope[_KEY] = getattr(transport, "abort", None)
        await self._app(scope, receive, send)


def abort(websocket: WebSocket) -> None:
    """Drop the connection and everything still to be sent. Servers other than uvicorn may not support it."""
    abort_connection: Callable[[], None] | None = websocket.scope.get(_KEY)
    if abort_connection is None:
        log.warning("websocket_not_cut")
    else:
        abort_connection()

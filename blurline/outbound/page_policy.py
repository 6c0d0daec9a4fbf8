"""A Content-Security-Policy for pages that we serve and did not write, so that a browser asks no foreign host.

Redoc loads its logo from its maker, and Prefect's pages load the settings of a usage tracker even when the server's
analytics are off. Their next releases may ask others.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class PagePolicy:
    """ASGI middleware: the pages of ``app`` load and connect to their own origin and ``origins`` only."""

    def __init__(self, app: ASGIApp, origins: Sequence[str] = ()) -> None:
        self._app = app
        allowed = " ".join(("'self'", *origins))
        self._policy = (
            f"default-src {allowed} 'unsafe-inline' 'unsafe-eval' data: blob:; "
            f"connect-src {allowed} data: blob:; object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the header to its response."""

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Content-Security-Policy", self._policy)
            await send(message)

        await self._app(scope, receive, with_policy if scope["type"] == "http" else send)

"""Turns among uploads: however many run, only a few at a time have a piece of their body worked on.

Between two pieces a request gives its turn away, so a slow client holds up nobody. The others' sockets fill up and TCP
slows their senders down; what is left of the event loop answers everybody else.
"""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_AT_ONCE = 4


class UploadThrottle:
    """Middleware; one an application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; whoever reads its body gets the next piece when it is its turn."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_turn = False

        def give_away() -> None:
            nonlocal has_turn
            if has_turn:
                has_turn = False
                self._turns.release()

        async def in_turn() -> Message:
            nonlocal has_turn
            give_away()
            message = await receive()
            if message.get("more_body"):
                await self._turns.acquire()
                has_turn = True
            return message

        try:
            await self._app(scope, in_turn, send)
        finally:
            give_away()

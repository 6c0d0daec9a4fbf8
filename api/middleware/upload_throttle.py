"""Limits how many uploads process a chunk of their body at the same time.

A request releases its slot after every chunk, so a slow client blocks nobody. The sockets of waiting uploads fill up
and TCP slows their senders down, which leaves the event loop free for other requests.
"""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_AT_ONCE = 4


class UploadThrottle:
    """Middleware, one per application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. A reader of its body waits for a slot before each chunk."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_slot = False

        def release() -> None:
            nonlocal has_slot
            if has_slot:
                has_slot = False
                self._slots.release()

        async def receive_with_slot() -> Message:
            nonlocal has_slot
            release()
            message = await receive()
            if message.get("more_body"):
                await self._slots.acquire()
                has_slot = True
            return message

        try:
            await self._app(scope, receive_with_slot, send)
        finally:
            release()

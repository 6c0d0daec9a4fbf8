"""The protocol of the WebSocket, for one client. docs/live.md describes it."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from anyio import to_thread
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import to_json
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.dependencies import Context
from api.events.live_hub import Hub, TooManyClients
from blurline.access.tokens import Identity, InvalidToken
from blurline.contract import MAX_LIVE_MESSAGE_BYTES
from blurline.errors import RetryableError
from sql.events.events import count_progress, find_bounds, list_events

_HELLO_S = 3
_SEND_S = 5
_MAX_SEQUENCE = 2**63 - 1
_PAGE = 100
_POLL_S = 15  # in case a notification is lost
_GATHER_S = 0.05
_PROGRESS_S = 1
_PAUSE_S = 1
_REFRESH_S = 0.5


class CloseConnection(Exception):
    """Close the connection. ``code`` is the WebSocket's close code, ``reason`` a sentence of at most 123 bytes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class LiveClient:
    """One connected client."""

    def __init__(self, websocket: WebSocket, context: Context, hub: Hub) -> None:
        self._websocket, self._context, self._hub = websocket, context, hub
        self._pace = _Pace()

    async def serve(self) -> None:
        """Serve until the client leaves (WebSocketDisconnect) or is turned away (CloseConnection).

        Raises either one, possibly in an ExceptionGroup.
        """
        hello, identity = await self._authenticate()
        try:
            with self._hub.client(identity.owner) as wake:
                async with asyncio.timeout(_seconds_left(identity)) as expiry, asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._send_events(identity, hello.after, wake))
                    await self._refresh(identity.owner, expiry)
        except TooManyClients:
            most = self._context.settings.requests.websockets_per_owner
            raise CloseConnection(4429, f"A user can have at most {most} connections.") from None
        except TimeoutError:
            raise CloseConnection(4401, "The token has expired.") from None

    async def _authenticate(self) -> tuple[_Hello, Identity]:
        try:
            async with asyncio.timeout(_HELLO_S):
                hello = await self._receive()
        except TimeoutError:
            raise CloseConnection(4408, f"No token arrived within {_HELLO_S} seconds.") from None
        try:
            identity = await self._identify(hello.token)
        except RetryableError:
            raise CloseConnection(1013, "The token cannot be checked at the moment. Try again soon.") from None
        self._websocket.state.owner = identity.owner
        return hello, identity

    async def _refresh(self, owner: str, expiry: asyncio.Timeout) -> None:
        """Receive new tokens, each of which extends the connection."""
        loop = asyncio.get_running_loop()
        last_s = -math.inf
        while True:
            hello = await self._receive()
            if loop.time() < last_s + _REFRESH_S:
                raise CloseConnection(4429, "New tokens arrive too often. Renew one shortly before it expires.")
            last_s = loop.time()
            identity = await self._identify_with_retries(hello.token)
            if identity.owner != owner:
                raise CloseConnection(4403, "The new token belongs to another user.")
            expiry.reschedule(loop.time() + _seconds_left(identity))
            await self._send(type="refreshed", expires_at=identity.expires_at)

    async def _send_events(self, identity: Identity, after: int | None, wake: asyncio.Event) -> None:
        owner, database = identity.owner, self._context.database
        bounds = await self._hub.read(find_bounds, database, owner)
        last = bounds.head if after is None else after
        if not bounds.removed <= last <= bounds.head:
            last = bounds.head
            await self._send(type="reset", sequence=last)
        await self._send(type="ready", sequence=last, expires_at=identity.expires_at)
        while True:
            wake.clear()
            events = await self._hub.read(list_events, database, owner, last, _PAGE)
            for event in events:
                fields = {"sequence": event.sequence, "job_id": event.job_id, "image_id": event.image_id}
                await self._send(type=event.type, **fields, created_at=event.created_at, **event.data)
                last = event.sequence
            await self._send_progress(owner, (event.job_id for event in events))
            if len(events) < _PAGE:
                await self._wait(wake)

    async def _send_progress(self, owner: str, job_ids: Iterable[UUID]) -> None:
        due = self._pace.take_due(job_ids)
        if due:
            counts = await self._hub.read(count_progress, self._context.database, owner, due)
            for job_id, progress in counts.items():
                await self._send(type="job.progress", job_id=job_id, progress=progress)

    async def _wait(self, wake: asyncio.Event) -> None:
        """Wait until there may be something to send, then a moment longer to send several events together."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.next_due_s() or _POLL_S):
                await wake.wait()
                await asyncio.sleep(_GATHER_S)

    async def _identify(self, token: str) -> Identity:
        try:
            identity = await to_thread.run_sync(self._context.identify, token, abandon_on_cancel=True)
        except InvalidToken:
            raise CloseConnection(4401, "The token is not valid here.") from None
        if not identity.scopes:
            raise CloseConnection(4403, "The token has no scope of Blurline.")
        return identity

    async def _identify_with_retries(self, token: str) -> Identity:
        """Retry while the issuer or the database is down. The old token stays valid meanwhile."""
        while True:
            try:
                return await self._identify(token)
            except RetryableError:
                await asyncio.sleep(_PAUSE_S)

    async def _receive(self) -> _Hello:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        text = message.get("text")
        if text is None:
            raise CloseConnection(4400, "Send text.")
        if len(text.encode()) > MAX_LIVE_MESSAGE_BYTES:
            raise CloseConnection(1009, f"A message has at most {MAX_LIVE_MESSAGE_BYTES} bytes.")
        try:
            return _Hello.model_validate_json(text) if text.lstrip().startswith("{") else _Hello(token=text.strip())
        except ValidationError:
            raise CloseConnection(4400, 'Send a token, or {"token": "…", "after": 123}.') from None

    async def _send(self, **message: Any) -> None:
        """Send a message. Raises CloseConnection when the client does not read, WebSocketDisconnect when it is gone."""
        try:
            async with asyncio.timeout(_SEND_S):
                await self._websocket.send_text(to_json(message).decode())
        except TimeoutError:
            raise CloseConnection(4413, "The client does not read its messages.") from None
        except RuntimeError:  # the server has closed the connection, but `receive` has not reported it yet
            raise WebSocketDisconnect(1006) from None


class _Hello(BaseModel, extra="forbid"):
    token: str
    after: int | None = Field(default=None, ge=0, le=_MAX_SEQUENCE)


class _Pace:
    """The jobs whose progress is still to be sent: each job at most once in `_PROGRESS_S`."""

    def __init__(self) -> None:
        self._waiting: set[UUID] = set()
        self._sent_at_s: dict[UUID, float] = {}

    def take_due(self, touched: Iterable[UUID]) -> list[UUID]:
        """Add the touched jobs to those that wait, and take those whose progress is due now."""
        now_s = time.monotonic()
        self._sent_at_s = {
            job_id: sent_at_s for job_id, sent_at_s in self._sent_at_s.items() if sent_at_s > now_s - _PROGRESS_S
        }
        self._waiting.update(touched)
        due = [job_id for job_id in self._waiting if job_id not in self._sent_at_s]
        self._waiting.difference_update(due)
        self._sent_at_s.update(dict.fromkeys(due, now_s))
        return due

    def next_due_s(self) -> float | None:
        """Seconds until the next waiting job is due. None when no job waits."""
        due_s = min((self._sent_at_s[job_id] for job_id in self._waiting), default=None)
        return None if due_s is None else max(due_s + _PROGRESS_S - time.monotonic(), 0.001)


def _seconds_left(identity: Identity) -> float:
    return (identity.expires_at - datetime.now(UTC)).total_seconds()

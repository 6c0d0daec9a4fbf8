"""The hub of live events: wakes the clients of an owner when PostgreSQL says that something has happened.

One listening connection in every API process, whichever replica or worker has settled the image. What happened the
clients read from the database themselves, so that nothing is kept for them here and nothing can be missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TypeVar, TypeVarTuple

import psycopg
import structlog

from blurline.errors import RetryableError
from sql.engine.channels import Channel, listen
from sql.engine.sessions import session

log = structlog.get_logger()
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_READERS = 4
"""Threads, and hence connections, that all clients together read with; the rest is left to the requests."""

_PAUSE_S = 0.5


class TooManyClients(Exception):
    """An owner has as many clients at this process as the settings allow."""


class Hub:
    """One a process, for the event loop that calls `start`."""

    def __init__(self, dsn: str, most_per_owner: int) -> None:
        self._dsn, self._most_per_owner = dsn, most_per_owner
        self._threads = ThreadPoolExecutor(_READERS, thread_name_prefix="live")
        self._wakes: dict[str, set[asyncio.Event]] = {}
        self._listening: asyncio.Task[None] | None = None

    @property
    def clients(self) -> int:
        """How many are connected."""
        return sum(map(len, self._wakes.values()))

    def start(self) -> None:
        """Begin to listen."""
        self._listening = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Listen no more."""
        assert self._listening is not None
        self._listening.cancel()
        with suppress(asyncio.CancelledError):
            await self._listening
        self._threads.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def client(self, owner: str) -> Iterator[asyncio.Event]:
        """Count a client in for the length of the block; the event is set whenever there may be something to read.

        Raises TooManyClients.
        """
        wakes = self._wakes.setdefault(owner, set())
        if len(wakes) >= self._most_per_owner:
            raise TooManyClients
        wake = asyncio.Event()
        wakes.add(wake)
        try:
            yield wake
        finally:
            wakes.remove(wake)
            if not wakes:
                del self._wakes[owner]

    async def read(self, query: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """What a function that asks the database returns. While the database is down this waits."""
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._threads, query, *arguments)
            except RetryableError:
                await asyncio.sleep(_PAUSE_S)

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except psycopg.OperationalError as error:
                log.warning("hub_waits", error=str(error))
            except Exception:  # whatever it is, the clients must hear of what happens once it is mended
                log.exception("hub_broke")
            await asyncio.sleep(_PAUSE_S)

    async def _listen_once(self) -> None:
        """Until the connection is lost."""
        async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True, **session()) as connection:
            await connection.execute(listen(Channel.EVENTS))
            for owner in self._wakes:
                self._wake(owner)  # for what they may have missed meanwhile
            async for notification in connection.notifies():
                self._wake(notification.payload)

    def _wake(self, owner: str) -> None:
        for wake in self._wakes.get(owner, ()):
            wake.set()

"""The hub of live events: wakes the clients of an owner when PostgreSQL notifies that something has happened.

Every API process has one listening connection, so events of all replicas and workers arrive. The clients read the
events from the database, so the hub stores nothing and a client misses nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
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
"""The threads, and so the database connections, that all clients share. The other connections serve requests."""

_PAUSE_S = 0.5


class TooManyClients(Exception):
    """An owner has reached the limit of clients at this process."""


class Hub:
    """One per process, for the event loop that calls `start`."""

    def __init__(self, dsn: str, most_per_owner: int) -> None:
        self._dsn, self._most_per_owner = dsn, most_per_owner
        self._threads = ThreadPoolExecutor(_READERS, thread_name_prefix="live")
        self._wakes: dict[str, set[asyncio.Event]] = {}
        self._clients: Counter[str] = Counter()
        self._listening: asyncio.Task[None] | None = None

    @property
    def clients(self) -> int:
        """The number of connected clients."""
        return self._clients.total()

    def start(self) -> None:
        """Start listening."""
        self._listening = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Stop listening."""
        assert self._listening is not None
        self._listening.cancel()
        with suppress(asyncio.CancelledError):
            await self._listening
        self._threads.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def client(self, owner: str) -> Iterator[asyncio.Event]:
        """Register a client for the block. The event is set whenever there may be something to read.

        Raises TooManyClients.
        """
        if self._clients[owner] >= self._most_per_owner:
            raise TooManyClients
        self._clients[owner] += 1
        try:
            with self.watch(owner) as wake:
                yield wake
        finally:
            self._clients[owner] -= 1
            if not self._clients[owner]:
                del self._clients[owner]

    @contextmanager
    def watch(self, owner: str) -> Iterator[asyncio.Event]:
        """An event for the block, set whenever something of the owner has happened. Does not count as a client."""
        wakes = self._wakes.setdefault(owner, set())
        wake = asyncio.Event()
        wakes.add(wake)
        try:
            yield wake
        finally:
            wakes.remove(wake)
            if not wakes:
                del self._wakes[owner]

    async def read(self, query: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """Run a database query in a thread and return its result. Retries while the database is down."""
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
            except Exception:  # listen again: the clients must get their events once the cause is gone
                log.exception("hub_broke")
            await asyncio.sleep(_PAUSE_S)

    async def _listen_once(self) -> None:
        """Listen until the connection is lost."""
        async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True, **session()) as connection:
            await connection.execute(listen(Channel.EVENTS))
            for owner in self._wakes:
                self._wake(owner)  # a notification may have been missed before LISTEN
            async for notification in connection.notifies():
                self._wake(notification.payload)

    def _wake(self, owner: str) -> None:
        for wake in self._wakes.get(owner, ()):
            wake.set()

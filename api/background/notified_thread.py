"""A thread of an API process that works off rows of the database, woken by NOTIFY."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Callable

import psycopg
import structlog

from blurline.errors import RetryableError
from sql.engine.channels import Channel, listen
from sql.engine.sessions import session

log = structlog.get_logger()

_PAUSE_S = 0.5
_JOIN_S = 15


class NotifiedThread:
    """Calls ``work`` until it returns 0, then waits for a notification on ``channel`` or for ``poll_s``.

    Every exception of ``work`` is logged and ``work`` is retried, so that accepted work is done once the cause is gone.
    """

    def __init__(self, name: str, dsn: str, channel: Channel, poll_s: float, work: Callable[[], int]) -> None:
        self._name, self._dsn, self._channel, self._poll_s, self._work = name, dsn, channel, poll_s, work
        self._stopped = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end after its current work."""
        self._stopped.set()
        self._wake.send(b"!")

    def join(self) -> None:
        """Wait until the thread has ended."""
        self._thread.join(timeout=_JOIN_S)
        self._wake.close()
        self._woken.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with psycopg.connect(self._dsn, autocommit=True, **session()) as connection:
                    connection.execute(listen(self._channel))
                    while not self._stopped.is_set():
                        while not self._stopped.is_set() and self._work():
                            pass
                        if not self._stopped.is_set():
                            self._wait(connection)
            except (psycopg.OperationalError, RetryableError) as error:
                log.warning("background_waits", thread=self._name, error=str(error))
                self._stopped.wait(_PAUSE_S)
            except Exception:
                log.exception("background_broke", thread=self._name)
                self._stopped.wait(_PAUSE_S)

    def _wait(self, connection: psycopg.Connection) -> None:
        """Wait for a notification, for ``poll_s`` or for `stop`.

        psycopg alone would wake ten times a second.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            if not list(connection.notifies(timeout=0)):
                selector.select(self._poll_s)
                list(connection.notifies(timeout=0))

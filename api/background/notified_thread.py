"""A thread of an API process that works off rows of the database, woken by NOTIFY."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
import structlog

from blurline.errors import RetryableError
from sql.engine.channels import Channel, listen
from sql.engine.sessions import session

log = structlog.get_logger()

_PAUSE_S = 0.5
_LOOK_UP_S = 0.2
_JOIN_S = 15


class NotifiedThread:
    """Calls ``work`` until it returns 0, then waits for a notification on ``channel`` or for ``poll_s``.

    Every exception of ``work`` is logged and ``work`` is retried, so that accepted work is done once the cause is gone.
    """

    def __init__(self, name: str, dsn: str, channel: Channel, poll_s: float, work: Callable[[], int]) -> None:
        self._name, self._dsn, self._channel, self._poll_s, self._work = name, dsn, channel, poll_s, work
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end after its current work."""
        self._stopped.set()

    def join(self) -> None:
        """Wait until the thread has ended."""
        self._thread.join(timeout=_JOIN_S)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with psycopg.connect(self._dsn, autocommit=True, **session()) as connection:
                    connection.execute(listen(self._channel))
                    while not self._stopped.is_set():
                        while not self._stopped.is_set() and self._work():
                            pass
                        self._wait(connection)
            except (psycopg.OperationalError, RetryableError) as error:
                log.warning("background_waits", thread=self._name, error=str(error))
                self._stopped.wait(_PAUSE_S)
            except Exception:
                log.exception("background_broke", thread=self._name)
                self._stopped.wait(_PAUSE_S)

    def _wait(self, connection: psycopg.Connection) -> None:
        """Wait for a notification, for ``poll_s`` or for `stop`."""
        waited_s = 0.0
        while waited_s < self._poll_s and not self._stopped.is_set():
            if list(connection.notifies(timeout=_LOOK_UP_S, stop_after=1)):
                return
            waited_s += _LOOK_UP_S

"""The dispatcher: turns outbox rows into flow runs, at once when Prefect answers and later when it does not.

A thread in every API process. Rows are claimed under a lock, so any number of them may run.
"""

from __future__ import annotations

import threading

import psycopg
import structlog

from api.flow_runs import FlowRuns
from blurline.errors import RetryableError
from sql.database import Database
from sql.outbox import dispatch_waiting

log = structlog.get_logger()

_POLL_S = 0.5


class Dispatcher:
    """Starts with `start` and ends within about a second of `stop`."""

    def __init__(self, dsn: str, database: Database, flow_runs: FlowRuns) -> None:
        self._dsn, self._database, self._flow_runs = dsn, database, flow_runs
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Begin to dispatch."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being dispatched and end."""
        self._stopped.set()
        self._thread.join(timeout=15)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with psycopg.connect(self._dsn, autocommit=True) as connection:
                    connection.execute("LISTEN blurline_outbox")
                    while not self._stopped.is_set():
                        self._drain()
                        list(connection.notifies(timeout=_POLL_S, stop_after=1))
            except (psycopg.OperationalError, RetryableError) as error:
                log.warning("dispatcher_waits", error=str(error))
                self._stopped.wait(_POLL_S)
            except Exception:  # whatever it is, what is accepted must still be dispatched once it is mended
                log.exception("dispatcher_broke")
                self._stopped.wait(_POLL_S)

    def _drain(self) -> None:
        while not self._stopped.is_set() and dispatch_waiting(self._database, self._flow_runs.create):
            pass

"""Checks that Prefect's tables stay small. Its vacuum removes nothing younger than an hour, so this makes finished runs
older, five minutes after their end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from benchmarks.soak.load import every
from tests.acceptance.stack import Stack

_EVERY_S = 60.0
_TABLES = ("flow_run", "flow_run_state", "task_run", "task_run_state", "log", "artifact", "events", "event_resources")
_AGE = """
UPDATE flow_run SET end_time = end_time - interval '2 hours'
WHERE end_time BETWEEN now() - interval '1 hour' AND now() - interval '5 minutes'
"""


class PrefectTables:
    """Rows of each table, and megabytes of all tables, every minute."""

    def __init__(self, stack: Stack) -> None:
        self._database = stack.variables()["BLURLINE_DATABASE_URL"]
        self._rows: list[dict[str, float]] = []
        self._began_at = time.monotonic()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Sample every minute."""
        with every(_EVERY_S, self._look):
            yield

    def report(self) -> list[dict[str, float]]:
        """Every fifth sample."""
        return self._rows[::5] + self._rows[-1:]

    def _look(self) -> None:
        with (
            contextlib.suppress(psycopg.OperationalError),  # it was killed
            psycopg.connect(self._database, dbname="prefect", autocommit=True, connect_timeout=5) as connection,
        ):
            connection.execute(_AGE)
            row: dict[str, float] = {"minute": round((time.monotonic() - self._began_at) / 60)}
            for table in _TABLES:
                found = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
                row[table] = found[0] if found else 0
            size = connection.execute("SELECT pg_database_size('prefect')").fetchone()
            self._rows.append(row | {"megabytes": round(size[0] / 1e6) if size else 0})

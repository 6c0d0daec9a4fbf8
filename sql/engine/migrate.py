"""Numbered migrations, each applied once and in order, under an advisory lock.

Processes of the previous release keep running meanwhile. A statement that waits for a lock blocks every later one, so
none waits longer than a second; the migration is then retried. docs/upgrading.md says what a migration may contain.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import structlog
from psycopg import sql

from blurline.errors import DatabaseUnavailable
from sql.engine.problems import explained
from sql.engine.sessions import session

MIGRATIONS = Path(__file__).parents[1] / "migrations"
CONCURRENTLY = ".concurrently"
"""The suffix of a migration that builds indexes concurrently with writers, and so outside a transaction."""

_LOCK = 0x626C75726C696E65  # "blurline"; advisory, so that a killed process leaves no lock behind
_LOCK_TIMEOUT_S = 1
_PAUSE_S = 2.0
_MAX_WAIT_S = 600.0
_POLL_S = 0.2
_INDEX = re.compile(r"\bINDEX CONCURRENTLY IF NOT EXISTS (\w+)")
_IS_BROKEN = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid"

log = structlog.get_logger()

Connection = psycopg.Connection[tuple[Any, ...]]


def migrate(database: str, folder: Path = MIGRATIONS, max_wait_s: float = _MAX_WAIT_S) -> list[str]:
    """Apply the missing migrations and return their names.

    Safe to call from many processes at once: the others wait and find nothing to do. The database of a newer release
    is not changed. Raises DatabaseUnavailable when it does not respond, or when other sessions hold locks for longer
    than ``max_wait_s``. Raises ConfigurationError when its user lacks privileges, or when another application uses it.
    """
    applied: list[str] = []
    with explained(), _connected(database) as connection:
        _lock(connection)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations"
            " (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        done, paths = _applied(connection), _paths(folder)
        if names := done - {path.stem for path in paths}:
            log.warning("database_is_newer", migrations=sorted(names))
            return applied
        deadline = time.monotonic() + max_wait_s
        for path in paths:
            if path.stem not in done:
                _apply(connection, path, deadline)
                applied.append(path.stem)
    return applied


def pending(database: str) -> list[str]:
    """The names of the migrations that the database lacks. Raises DatabaseUnavailable."""
    done = _read_applied(database)
    return [path.stem for path in _paths(MIGRATIONS) if path.stem not in done]


def newer(database: str) -> list[str]:
    """The names of applied migrations that this release does not have. Raises DatabaseUnavailable."""
    return sorted(_read_applied(database) - {path.stem for path in _paths(MIGRATIONS)})


@contextmanager
def _connected(database: str) -> Iterator[Connection]:
    try:
        with psycopg.connect(database, autocommit=True, **session(lock_timeout_s=0)) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"PostgreSQL did not answer: {error}") from error


def _lock(connection: Connection) -> None:
    """Take the lock by polling: a concurrent index build would wait for a session that waits for the lock."""
    while connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() != (True,):
        time.sleep(_POLL_S)


def _apply(connection: Connection, path: Path, deadline: float) -> None:
    carry_out = _build_indexes if path.stem.endswith(CONCURRENTLY) else _run
    while True:
        try:
            carry_out(connection, path)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    f"The migration {path.stem} was not applied, not even in part, because other transactions hold "
                    "locks too long. End long queries (see pg_stat_activity) and run `blurline migrate` again."
                ) from error
            log.warning("migration_waits", migration=path.stem, error=str(error))
            time.sleep(_PAUSE_S)
        else:
            return


def _run(connection: Connection, path: Path) -> None:
    with connection.transaction():
        connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(f"{_LOCK_TIMEOUT_S}s"))
        connection.execute(path.read_bytes())
        _note(connection, path)


def _build_indexes(connection: Connection, path: Path) -> None:
    """Run each statement by itself, after dropping invalid indexes that an interrupted build has left."""
    text = path.read_text()
    for name in _INDEX.findall(text):
        if connection.execute(_IS_BROKEN, (name,)).fetchone():
            connection.execute(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(name)))
    for statement in text.split(";\n"):
        if statement.strip():
            connection.execute(statement.encode())
    _note(connection, path)


def _note(connection: Connection, path: Path) -> None:
    connection.execute("INSERT INTO migrations (name) VALUES (%s)", (path.stem,))


def _read_applied(database: str) -> set[str]:
    try:
        with _connected(database) as connection:
            return _applied(connection)
    except psycopg.errors.UndefinedTable:
        return set()


def _applied(connection: Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM migrations")}


def _paths(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.sql"))

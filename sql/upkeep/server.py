"""Facts about the PostgreSQL server, for the doctor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from psycopg.rows import dict_row

from blurline.errors import DatabaseUnavailable
from sql.engine.database import Row, Transaction
from sql.engine.sessions import session

_CONNECT_TIMEOUT_S = 5
_STATEMENT_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class Server:
    """A server and Blurline's database on it. ``clock_ahead_s`` is relative to this machine's clock.

    ``free_connections``: how many more the limits of server, database and user allow.
    """

    version: str
    major: int
    encoding: str
    is_standby: bool
    free_connections: int
    max_connections: int
    clock_ahead_s: float


@dataclass(frozen=True, slots=True)
class Privileges:
    """What a user may do in the database. ``lacking``: tables whose rows they cannot read or write."""

    user: str
    database: str
    can_create: bool
    lacking: int


@dataclass(frozen=True, slots=True)
class FailingRemovals:
    """How many deleted images have objects that the store refuses to remove, and the last refusal."""

    images: int
    last_error: str


def failing_removals(database: str) -> FailingRemovals | None:
    """The removals that fail, if any. Raises DatabaseUnavailable."""
    with _transaction(database) as transaction:
        row = transaction.one("last_removal_failure")
    return FailingRemovals(**row) if row else None


def noise_keys_of_hosts(database: str) -> dict[str, str | None]:
    """The id of the noise key that each worker host used last, by host, from the newest results of the last day.

    None: the host kept its key in no file. Raises DatabaseUnavailable.
    """
    with _transaction(database) as transaction:
        return {row["host"]: row["noise_key"] for row in transaction.all("noise_keys_of_hosts")}


class DatabaseNotWritable(DatabaseUnavailable):
    """The database answers but does not accept writes: a standby, read-only, or a full disk."""

    code = "database_not_writable"


def check_writes(database: str, limit_s: int) -> None:
    """Write to the log of the database, over a connection of its own. Raises DatabaseUnavailable, DatabaseNotWritable.

    Committing a logical message needs what committing a row needs, and leaves no row.
    """
    limits = {**session(limit_s), "connect_timeout": limit_s}
    try:
        with psycopg.Connection[Row].connect(database, row_factory=dict_row, **limits) as connection:
            row = Transaction(connection).one("write_state")
            assert row is not None
            if row["is_read_only"]:
                raise DatabaseNotWritable("The database only accepts reads.")
            Transaction(connection).one("write_message")
    except psycopg.errors.DiskFull as error:
        raise DatabaseNotWritable(f"The disk of the database is full: {error}") from error
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"PostgreSQL did not answer: {error}") from error


def inspect_server(database: str) -> Server:
    """Read them from the server. Raises DatabaseUnavailable."""
    with _transaction(database) as transaction:
        before = datetime.now(UTC)
        row = transaction.one("server")
        after = datetime.now(UTC)
    assert row is not None
    clock_ahead_s = (row.pop("clock") - (before + (after - before) / 2)).total_seconds()
    return Server(**row, clock_ahead_s=clock_ahead_s)


def read_privileges(database: str) -> Privileges:
    """What the user of the connection may do. Raises DatabaseUnavailable."""
    with _transaction(database) as transaction:
        row = transaction.one("privileges")
    assert row is not None
    return Privileges(**row)


@contextmanager
def _transaction(database: str) -> Iterator[Transaction]:
    """A transaction over a connection of its own, with short limits. Raises DatabaseUnavailable."""
    try:
        with psycopg.Connection[Row].connect(
            database, connect_timeout=_CONNECT_TIMEOUT_S, row_factory=dict_row
        ) as connection:
            connection.execute(f"SET statement_timeout = '{_STATEMENT_TIMEOUT_S}s'")
            yield Transaction(connection)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"PostgreSQL did not answer: {error}") from error

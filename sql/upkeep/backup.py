"""What backups and restores need of the database, beside the dump itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg.rows import dict_row

from blurline.errors import DatabaseUnavailable
from sql.engine.database import Row, Transaction, statement

_FETCHED_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class NamedObject:
    """An object that an image says the store has. ``sha256`` is None until a worker has read it."""

    role: str
    key: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class NewEtag:
    """An original that has another etag in the store than its row says."""

    key: str
    old_etag: str
    etag: str


class Snapshot:
    """One state of the database, which stays as it is while others write. ``id`` is for `pg_dump --snapshot`."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection
        row = Transaction(connection).one("export_snapshot")
        assert row is not None
        self.id: str = row["id"]

    def migrations(self) -> list[str]:
        """Those that it has had."""
        return [row["name"] for row in Transaction(self._connection).all("applied_migrations")]

    def counts(self) -> dict[str, int]:
        """How many rows the tables have that matter most."""
        return _counts(self._connection)

    def named_objects(self) -> Iterator[NamedObject]:
        """What the store should have, a few thousand at a time."""
        with self._connection.cursor("named_objects") as cursor:
            cursor.itersize = _FETCHED_AT_ONCE
            cursor.execute(statement("named_objects"))
            for row in cursor:
                yield NamedObject(**row)


@contextmanager
def snapshot(database: str) -> Iterator[Snapshot]:
    """A snapshot, until the end of the block. Raises DatabaseUnavailable."""
    with _connected(database) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield Snapshot(connection)


def count_rows(database: str) -> dict[str, int]:
    """As `Snapshot.counts`, now."""
    with _connected(database) as connection:
        return _counts(connection)


def list_tables(database: str) -> list[str]:
    """The tables that the database has."""
    with _connected(database) as connection:
        return [row["name"] for row in Transaction(connection).all("list_tables")]


def count_sessions(database: str) -> int:
    """How many others are connected to the database."""
    with _connected(database) as connection:
        row = Transaction(connection).one("count_sessions")
    assert row is not None
    sessions: int = row["sessions"]
    return sessions


def drop_all_tables(database: str) -> None:
    """Empty the database of everything in its schema `public`."""
    with _connected(database) as connection:
        transaction = Transaction(connection)
        transaction.run("drop_all_tables")
        transaction.run("make_room_for_tables")


def rename_etags(database: str, changes: Sequence[NewEtag]) -> None:
    """Have images name the etags that their originals have now."""
    with _connected(database) as connection:
        Transaction(connection).run(
            "rename_etags",
            keys=[each.key for each in changes],
            old_etags=[each.old_etag for each in changes],
            etags=[each.etag for each in changes],
        )


@contextmanager
def _connected(database: str) -> Iterator[psycopg.Connection[Row]]:
    try:
        with psycopg.Connection[Row].connect(database, row_factory=dict_row, connect_timeout=10) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"PostgreSQL did not answer: {error}") from error


def _counts(connection: psycopg.Connection[Row]) -> dict[str, int]:
    row = Transaction(connection).one("count_kept")
    assert row is not None
    return row

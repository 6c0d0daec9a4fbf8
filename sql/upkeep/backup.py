"""What backups and restores read from and write to the database, besides the dump itself."""

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
    """An object that an image's row names.

    ``sha256`` is None until a worker has read the object. ``etag`` is that of a submitted original, None for results.
    """

    role: str
    key: str
    sha256: str | None
    etag: str | None


@dataclass(frozen=True, slots=True)
class NewEtag:
    """An original whose etag in the store differs from the one in its row."""

    key: str
    old_etag: str
    etag: str


class Snapshot:
    """A consistent read-only view of the database while others write. ``id`` is for `pg_dump --snapshot`."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection
        row = Transaction(connection).one("export_snapshot")
        assert row is not None
        self.id: str = row["id"]

    def migrations(self) -> list[str]:
        """The names of the applied migrations."""
        return [row["name"] for row in Transaction(self._connection).all("applied_migrations")]

    def counts(self) -> dict[str, int]:
        """Row counts of the main tables."""
        return _counts(self._connection)

    def named_objects(self) -> Iterator[NamedObject]:
        """The objects the store should have, read a few thousand at a time."""
        with self._connection.cursor("named_objects") as cursor:
            cursor.itersize = _FETCHED_AT_ONCE
            cursor.execute(statement("named_objects"))
            for row in cursor:
                yield NamedObject(**row)


@contextmanager
def snapshot(database: str) -> Iterator[Snapshot]:
    """A snapshot that lasts until the end of the block. Raises DatabaseUnavailable."""
    with _connected(database) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield Snapshot(connection)


def count_rows(database: str) -> dict[str, int]:
    """`Snapshot.counts` of the present state."""
    with _connected(database) as connection:
        return _counts(connection)


def list_tables(database: str) -> list[str]:
    """The names of the tables in the schema `public`."""
    with _connected(database) as connection:
        return [row["name"] for row in Transaction(connection).all("list_tables")]


def count_sessions(database: str) -> int:
    """How many other sessions the database has."""
    with _connected(database) as connection:
        row = Transaction(connection).one("count_sessions")
    assert row is not None
    sessions: int = row["sessions"]
    return sessions


def drop_all_tables(database: str) -> None:
    """Drop everything in the schema `public`."""
    with _connected(database) as connection:
        transaction = Transaction(connection)
        transaction.run("drop_all_tables")
        transaction.run("make_room_for_tables")


def rename_etags(database: str, changes: Sequence[NewEtag]) -> None:
    """Write the present etags of originals into their rows."""
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

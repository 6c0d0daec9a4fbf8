"""Connections to PostgreSQL and the named statements of the ``.sql`` files beside their Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from blurline.errors import DatabaseUnavailable
from sql.engine.problems import explained
from sql.engine.sessions import session

_DOMAINS = Path(__file__).parents[1]
_MIGRATIONS = _DOMAINS / "migrations"
_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)

Row = dict[str, Any]

ERROR_TEXTS = frozenset({"error", "error_message", "message"})
"""Parameters of statements that write the text of an error into a row."""

MAX_ERROR_CHARACTERS = 500


class SortOrder(Enum):
    """The order of a list, as words of SQL."""

    ASCENDING = {b"{direction}": b"ASC", b"{beyond}": b">"}  # noqa: RUF012  an enumeration's value
    DESCENDING = {b"{direction}": b"DESC", b"{beyond}": b"<"}  # noqa: RUF012


class Database:
    """A pool of connections, one per process. Safe to share between threads.

    ``application`` names the process to PostgreSQL. Statements are called by name. A lost or refused connection raises
    DatabaseUnavailable; other errors of PostgreSQL are not converted.
    """

    def __init__(
        self,
        database: str,
        max_connections: int = 10,
        statement_timeout_s: float = 0,
        application: str = "blurline",
    ) -> None:
        self._pool = ConnectionPool(
            database,
            min_size=1,
            max_size=max_connections,
            open=True,
            timeout=10,
            reconnect_timeout=0,
            check=ConnectionPool.check_connection,
            kwargs={
                **session(statement_timeout_s),
                "row_factory": dict_row,
                "application_name": application,
                # Filters that may be null need a new plan for each call: the generic plan that PostgreSQL switches to
                # after a few calls was 150 times slower.
                "prepare_threshold": None,
            },
            connection_class=psycopg.Connection[Row],
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One transaction: committed at the end of the block, rolled back when it raises."""
        try:
            with self._pool.connection() as connection:
                yield Transaction(connection)
        except (psycopg.OperationalError, PoolTimeout, PoolClosed) as error:
            raise DatabaseUnavailable(f"PostgreSQL did not answer: {error}") from error


def check_connection(database: str) -> None:
    """Connect once, for a command that a person waits for: a pool would retry for seconds and not say why.

    Raises DatabaseUnavailable or ConfigurationError.
    """
    with explained(), psycopg.connect(database, **session()):
        pass


class Transaction:
    """The named statements, within one transaction.

    The text of an error (a parameter in `ERROR_TEXTS`) is cut to `MAX_ERROR_CHARACTERS`: it may quote what a stranger
    sent, and lists show it for every row.
    """

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection

    def all(self, name: str, /, **parameters: Any) -> list[Row]:
        """Every row of the statement's result."""
        return self._connection.execute(statement(name), _bounded(parameters)).fetchall()

    def one(self, name: str, /, **parameters: Any) -> Row | None:
        """The first row, or None."""
        return self._connection.execute(statement(name), _bounded(parameters)).fetchone()

    def page(self, name: str, order: SortOrder, /, **parameters: Any) -> list[Row]:
        """The rows of a statement that contains ``{direction}`` and ``{beyond}``, in this order."""
        return self.filled(name, order.value, **parameters)

    def filled(self, name: str, words: Mapping[bytes, bytes], /, **parameters: Any) -> list[Row]:
        """Every row of a statement in which ``words`` replace placeholders."""
        text = statement(name)
        for placeholder, word in words.items():
            text = text.replace(placeholder, word)
        return self._connection.execute(text, _bounded(parameters)).fetchall()

    def run(self, name: str, /, **parameters: Any) -> int:
        """Run a statement and return the number of affected rows."""
        return self._connection.execute(statement(name), _bounded(parameters)).rowcount


def statement(name: str) -> bytes:
    """The text of a named statement. Raises KeyError for an unknown name."""
    return _statements()[name]


def _bounded(parameters: dict[str, Any]) -> dict[str, Any]:
    for name in ERROR_TEXTS & parameters.keys():
        text = parameters[name]
        if isinstance(text, str) and len(text) > MAX_ERROR_CHARACTERS:
            parameters[name] = f"{text[: MAX_ERROR_CHARACTERS - 1]}…"
    return parameters


@cache
def _statements() -> dict[str, bytes]:
    statements: dict[str, bytes] = {}
    for path in sorted(_DOMAINS.glob("*/*.sql")):
        if path.parent == _MIGRATIONS:
            continue
        _, *parts = _NAME.split(path.read_text())
        for name, text in zip(parts[::2], parts[1::2], strict=True):
            if name in statements:
                raise ValueError(f"The statement {name} is defined twice, the second time in {path.name}.")
            statements[name] = text.strip().encode()
    return statements

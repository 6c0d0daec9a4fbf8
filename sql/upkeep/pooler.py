"""Finds a connection pooler between Blurline and PostgreSQL that breaks sessions."""

from __future__ import annotations

from contextlib import ExitStack
from enum import Enum

import psycopg
from psycopg.rows import dict_row

from sql.engine.database import Row, Transaction
from sql.engine.problems import explanation
from sql.engine.sessions import session

_NO_LIMIT = "0"
_REFUSED = "unsupported startup parameter"
_CONNECTIONS = 3


class Pooler(Enum):
    """What stands between the client and PostgreSQL."""

    NONE = "none"
    OF_SESSIONS = "a pooler that keeps sessions"
    REFUSES_OPTIONS = "a pooler that refuses the options of a session"
    DROPS_OPTIONS = "a pooler that drops the options of a session"
    OF_TRANSACTIONS = "a pooler that gives a session another server process for each transaction"


def find_pooler(database: str) -> Pooler:
    """Compare what a session asks for with what it gets. Raises DatabaseUnavailable and ConfigurationError.

    A pooler of transactions gives the process of a session that is idle to the next one: one process then serves two
    sessions, which PostgreSQL itself never does. A pooler invents the process id in the greeting.
    """
    processes: list[int] = []
    is_direct = has_limits = True
    with ExitStack() as ending:
        try:
            for _ in range(_CONNECTIONS):
                connection = ending.enter_context(
                    psycopg.Connection[Row].connect(database, autocommit=True, row_factory=dict_row, **session())
                )
                row = Transaction(connection).one("backend")
                assert row is not None
                has_limits = has_limits and row["lock_timeout"] != _NO_LIMIT
                processes.append(row["backend"])
                is_direct = is_direct and connection.info.backend_pid == row["backend"]
        except psycopg.OperationalError as error:
            if _REFUSED in str(error):
                return Pooler.REFUSES_OPTIONS
            if not processes:  # otherwise the server is short of connections, which is another finding
                raise explanation(error) from error
    if len(set(processes)) < len(processes):
        return Pooler.OF_TRANSACTIONS
    if not has_limits:
        return Pooler.DROPS_OPTIONS
    return Pooler.NONE if is_direct else Pooler.OF_SESSIONS

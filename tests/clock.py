"""The clock of a test: rows become older at once, so that no test waits for time to pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier, Literal

_TIMES = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s AND data_type = 'timestamp with time zone'
"""


def age(database_url: str, table: str, by: timedelta, where: LiteralString = "true", *values: object) -> None:
    """Move every time in a table's rows into the past, as if ``by`` had passed since they were written.

    Leases and retries in the rows become due by it too. ``where`` selects rows, with ``values`` for its placeholders.
    """
    with psycopg.connect(database_url) as connection:
        _age(connection, table, by, where, values)


def age_job(database_url: str, job_id: UUID, by: timedelta) -> None:
    """Age a job, its images and the attempts at them."""
    with psycopg.connect(database_url) as connection:
        _age(connection, "jobs", by, "id = %s", [job_id])
        _age(connection, "images", by, "job_id = %s", [job_id])
        _age(connection, "attempts", by, "image_id IN (SELECT id FROM images WHERE job_id = %s)", [job_id])


def _age(
    connection: psycopg.Connection, table: str, by: timedelta, where: LiteralString, values: Sequence[object]
) -> None:
    columns = [Identifier(name) for (name,) in connection.execute(_TIMES, [table])]
    assert columns, f"{table} has no times"
    shifts = SQL(", ").join(SQL("{0} = {0} - {1}").format(column, Literal(by)) for column in columns)
    statement = SQL("UPDATE {} SET {} WHERE ").format(Identifier(table), shifts) + SQL(where)
    connection.execute(statement, values)

"""Numbered migrations, each applied once and in order, under a lock that dies with its session."""

from __future__ import annotations

from pathlib import Path

import psycopg

from blurline.errors import DatabaseUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x626C75726C696E65  # "blurline"; advisory, so that a killed process leaves no lock behind


def migrate(database: str) -> list[str]:
    """Bring the database up to date and return the names of the migrations that were applied.

    Safe to call from many processes at once: the others wait and find nothing to do.
    """
    applied = []
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations"
            " (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        done = {name for (name,) in connection.execute("SELECT name FROM migrations")}
        for path in sorted(MIGRATIONS.glob("[0-9]*.sql")):
            if path.stem not in done:
                with connection.transaction():
                    connection.execute(path.read_bytes())
                    connection.execute("INSERT INTO migrations (name) VALUES (%s)", (path.stem,))
                applied.append(path.stem)
    return applied


def pending(database: str) -> list[str]:
    """The names of the migrations that the database lacks. Raises DatabaseUnavailable when it does not answer."""
    done = _applied(database)
    return [path.stem for path in sorted(MIGRATIONS.glob("[0-9]*.sql")) if path.stem not in done]


def newer(database: str) -> list[str]:
    """The names of migrations that the database has had from a newer Blurline. Raises DatabaseUnavailable."""
    return sorted(_applied(database) - {path.stem for path in MIGRATIONS.glob("[0-9]*.sql")})


def _applied(database: str) -> set[str]:
    try:
        with psycopg.connect(database, autocommit=True, connect_timeout=10) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM migrations")}
    except psycopg.errors.UndefinedTable:
        return set()
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"PostgreSQL did not answer: {error}") from error

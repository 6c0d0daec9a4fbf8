"""Applying migrations while others use the database, and beside a database of a newer release."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from blurline.cli.command import app
from blurline.errors import DatabaseUnavailable
from blurline.ids import new_id
from blurline.settings import Settings
from sql.engine.migrate import MIGRATIONS, migrate, newer, pending
from tests.waiting import wait_for

_WAITS = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"


@pytest.fixture
def fresh(servers: Settings) -> Iterator[str]:
    """An empty database."""
    name = f"fresh_{new_id().hex}"
    with psycopg.connect(servers.database.conninfo, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield servers.database.conninfo.rpartition("/")[0] + f"/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of test migrations; `migrate` applies the first."""
    (tmp_path / "0001_things.sql").write_text("CREATE TABLE things (id integer PRIMARY KEY);")
    return tmp_path


def test_concurrent_processes_apply_each_migration_once(fresh: str) -> None:
    applied: list[list[str]] = []
    racers = [threading.Thread(target=lambda: applied.append(migrate(fresh))) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(applied) == [[], [], [], sorted(path.stem for path in MIGRATIONS.glob("*.sql"))]
    assert pending(fresh) == newer(fresh) == []


def test_a_migration_that_waits_for_a_long_transaction_blocks_no_other(fresh: str, folder: Path) -> None:
    migrate(fresh, folder)
    (folder / "0002_more.sql").write_text("ALTER TABLE things ADD COLUMN name text;")
    migrating = threading.Thread(target=migrate, args=(fresh, folder))
    with psycopg.connect(fresh) as long, psycopg.connect(fresh, autocommit=True) as other:
        long.execute("SELECT * FROM things")
        migrating.start()
        wait_for("it waits", lambda: other.execute(_WAITS, ("ALTER%",)).fetchone() == (True,), every_s=0.02)
        other.execute("SET statement_timeout = '20s'")
        other.execute("INSERT INTO things VALUES (1)")  # while the long transaction still holds its lock
        assert migrating.is_alive()
        long.rollback()
        migrating.join()
        assert other.execute("SELECT id, name FROM things").fetchall() == [(1, None)]
    assert migrate(fresh, folder) == []


def test_a_migration_without_a_lock_is_given_up_and_rolled_back(fresh: str, folder: Path) -> None:
    migrate(fresh, folder)
    (folder / "0002_more.sql").write_text("CREATE TABLE others (id integer); ALTER TABLE things ADD COLUMN name text;")
    with psycopg.connect(fresh) as long:
        long.execute("SELECT * FROM things")
        with pytest.raises(DatabaseUnavailable, match="0002_more was not applied"):
            migrate(fresh, folder, max_wait_s=0)
        assert long.execute("SELECT to_regclass('others')").fetchone() == (None,)
    assert migrate(fresh, folder) == ["0002_more"]


def test_indexes_are_built_concurrently_also_after_an_interruption(fresh: str, folder: Path) -> None:
    migrate(fresh, folder)
    with psycopg.connect(fresh, autocommit=True) as connection:
        connection.execute("INSERT INTO things VALUES (1), (2)")
        with pytest.raises(psycopg.errors.UniqueViolation):  # what an interruption leaves: a name, and no use
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY things_twice ON things ((id * 0))")
        (folder / "0002_indexes.concurrently.sql").write_text(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS things_twice ON things ((id * 2));\n"
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS things_thrice ON things ((id * 3));\n"
        )
        assert migrate(fresh, folder) == ["0002_indexes.concurrently"]
        valid = "SELECT indexrelid::regclass::text FROM pg_index WHERE indisvalid AND indrelid = 'things'::regclass"
        assert {name for (name,) in connection.execute(valid)} == {"things_pkey", "things_twice", "things_thrice"}


def test_a_database_of_a_newer_release_is_unchanged(
    fresh: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(fresh)
    with psycopg.connect(fresh, autocommit=True) as connection:
        connection.execute("INSERT INTO migrations VALUES ('9999_newer')")
        before = connection.execute("SELECT * FROM migrations ORDER BY name").fetchall()
        assert (migrate(fresh), newer(fresh), pending(fresh)) == ([], ["9999_newer"], [])
        monkeypatch.setenv("BLURLINE_HOME", str(tmp_path))
        monkeypatch.setenv("BLURLINE_DATABASE_URL", fresh)
        said = CliRunner().invoke(app, ["migrate"])
        assert said.exit_code == 0
        assert "newer release" in said.output and "9999_newer" in said.output and "Nothing was changed" in said.output
        assert connection.execute("SELECT * FROM migrations ORDER BY name").fetchall() == before


def test_a_database_that_does_not_answer_is_reported_as_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable, match="PostgreSQL did not answer"):
        migrate("postgresql://nobody@127.0.0.1:9/none")

"""Restoring a backup, and refusals that prevent a loss."""

from __future__ import annotations

import io
import stat
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from blurline.access.tokens import LocalIssuer, Scope
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage.bucket_admin import Buckets
from deployments.backup.folder import BackupRefused
from deployments.backup.restoring import find_backup, restore
from deployments.backup.taking import back_up
from sql.engine.database import Database
from sql.engine.migrate import MIGRATIONS, pending
from sql.upkeep.backup import list_tables
from tests.deployments.backup.conftest import new_database
from tests.deployments.backup.installation import objects_of, publish_all, rows_of, submit


@pytest.fixture
def folder(source: Settings, database: Database, tmp_path: Path) -> Path:
    """A backup of two published images and one that waits."""
    submit(source, database, b"one", b"two")
    publish_all(source, database, b"without faces")
    submit(source, database, b"waits")
    back_up(source, tmp_path / "backup", lambda _: None)
    return tmp_path / "backup"


def _restore(settings: Settings, path: Path, *, replacing: bool = False) -> list[str]:
    said: list[str] = []
    restore(settings, *find_backup(path), said.append, replacing=replacing)
    return said


def _etags(settings: Settings) -> tuple[dict[str, str], dict[str, str]]:
    """The ETags in the rows and those of the store, by key."""
    with psycopg.connect(settings.database.conninfo) as connection:
        rows = {row[0]: row[1] for row in connection.execute("SELECT original_key, original_etag FROM images")}
    with closing(Buckets(settings)) as buckets:
        return rows, {each.key: each.etag for each in buckets.objects(settings.store.originals_bucket)}


def test_everything_is_restored(source: Settings, target: Settings, folder: Path) -> None:
    token = LocalIssuer(source.home).issue("ann", [Scope.SUBMIT], 60)
    (target.home / "store_door.pem").write_text("the certificate of an embedded part")
    said = _restore(target, folder)
    assert objects_of(target) == objects_of(source)
    assert rows_of(target.database.conninfo) == rows_of(source.database.conninfo)
    assert LocalIssuer(target.home).verify(token).owner == "ann"
    for name in ("issuer_key.pem", "audit_key.pem"):
        assert (target.home / name).read_bytes() == (source.home / name).read_bytes()
        assert stat.S_IMODE((target.home / name).stat().st_mode) == 0o600
    assert "5 objects are in the store." in said
    assert pending(target.database.conninfo) == []


def test_a_restored_database_continues_like_the_original(source: Settings, target: Settings, folder: Path) -> None:
    """The restored database has sequences, triggers and constraints too."""
    _restore(target, folder)
    with closing(Database(target.database.conninfo, max_connections=1)) as restored:
        submit(target, restored, b"new")
        publish_all(target, restored, b"without faces")
    with psycopg.connect(target.database.conninfo) as connection:
        states = connection.execute("SELECT state, count(*) FROM images GROUP BY state").fetchall()
        events = connection.execute("SELECT count(*) FROM events WHERE type = 'image.published'").fetchone()
    assert states == [("published", 4)]
    assert events == (4,)


def test_restored_originals_with_another_etag_still_match_their_submission(
    source: Settings, target: Settings, database: Database, tmp_path: Path
) -> None:
    submit(source, database, bytes(11_000_000), b"small")
    back_up(source, tmp_path / "backup", lambda _: None)
    _restore(target, tmp_path / "backup")
    before, _ = _etags(source)
    named, stored = _etags(target)
    assert named == stored
    assert named != before, "the large one was stored in other parts"


def test_existing_data_is_not_overwritten_without_a_confirmation(
    source: Settings, target: Settings, folder: Path, database: Database
) -> None:
    with closing(Buckets(target)) as buckets:
        buckets.write(target.store.results_bucket, "precious", io.BytesIO(b"precious"), 8, "text/plain")
    with pytest.raises(BackupRefused, match="bucket target-results is not empty"):
        _restore(target, folder)
    with psycopg.connect(target.database.conninfo, autocommit=True) as connection:
        connection.execute("CREATE TABLE precious ()")
    with pytest.raises(BackupRefused, match="it has 1 tables"):
        _restore(target, folder)
    LocalIssuer(target.home)
    _restore(target, folder, replacing=True)
    assert "precious" not in list_tables(target.database.conninfo)
    assert rows_of(target.database.conninfo) == rows_of(source.database.conninfo)
    (target.home / "issuer_key.pem").write_bytes(b"another")
    with psycopg.connect(target.database.conninfo, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    with closing(Buckets(target)) as buckets:
        for role, key in objects_of(target):
            buckets.remove(buckets.by_role[role], key)
    with pytest.raises(BackupRefused, match="differs from the backup's key"):
        _restore(target, folder)
    assert (target.home / "issuer_key.pem").read_bytes() == b"another"


def test_a_restore_is_refused_while_processes_are_connected(target: Settings, folder: Path) -> None:
    with (
        psycopg.connect(target.database.conninfo),
        pytest.raises(BackupRefused, match=r"1 other sessions use the database\. Stop every API"),
    ):
        _restore(target, folder, replacing=True)


@pytest.mark.parametrize("damaged", ["database-*.dump", "objects-*.sqlite", "keys/issuer_key.pem", "objects/??/*"])
def test_a_damaged_backup_is_refused_before_the_database_is_touched(
    target: Settings, folder: Path, damaged: str
) -> None:
    path = next(folder.glob(damaged))
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(BackupRefused, match=f"{path.name}.* missing or damaged"):
        _restore(target, folder)
    assert list_tables(target.database.conninfo) == []


def test_an_interrupted_restore_can_be_repeated(source: Settings, target: Settings, folder: Path) -> None:
    path = next(folder.glob("objects/??/*"))
    content = path.read_bytes()
    path.unlink()
    with pytest.raises(BackupRefused, match="missing or damaged"):
        _restore(target, folder)
    path.write_bytes(content)
    _restore(target, folder, replacing=True)
    assert objects_of(target) == objects_of(source)


def test_an_incomplete_or_newer_backup_is_refused(source: Settings, target: Settings, folder: Path) -> None:
    with pytest.raises(BackupRefused, match="a completed backup"):
        find_backup(target.home)
    with psycopg.connect(source.database.conninfo, autocommit=True) as connection:
        connection.execute("INSERT INTO migrations (name) VALUES ('9999_of_tomorrow')")
        back_up(source, folder, lambda _: None)
        connection.execute("DELETE FROM migrations WHERE name = '9999_of_tomorrow'")
    with pytest.raises(BackupRefused, match=r"newer Blurline .* 9999_of_tomorrow"):
        _restore(target, folder)
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(BackupRefused, match="is damaged or belongs to another version"):
        find_backup(folder)


def test_a_backup_of_the_first_release_is_restored_by_this_one(
    source: Settings, target: Settings, tmp_path: Path
) -> None:
    with new_database(source, "first_release") as url:
        with psycopg.connect(url.get_secret_value(), autocommit=True) as connection:
            connection.execute("CREATE TABLE migrations (name text PRIMARY KEY, applied_at timestamptz DEFAULT now())")
            for path in sorted(MIGRATIONS.glob("000[1-7]_*.sql")):
                connection.execute(path.read_bytes())
                connection.execute("INSERT INTO migrations (name) VALUES (%s)", (path.stem,))
            connection.execute("INSERT INTO cohorts (owner, labels) VALUES ('ann', '{}')")
            connection.execute(
                "INSERT INTO jobs (id, owner, policy, cohort_id) SELECT %s, 'ann', '{}', id FROM cohorts", (new_id(),)
            )
        first = source.replace(database_url=url)
        manifest = back_up(first, tmp_path / "backup", lambda _: None)
        said = _restore(target, tmp_path / "backup")
    assert len(manifest.migrations) == 7
    assert any("The migration 0008" in line for line in said)
    assert pending(target.database.conninfo) == []

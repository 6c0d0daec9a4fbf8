"""The contents of a backup, and what a second run keeps."""

from __future__ import annotations

import fcntl
import io
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from blurline.settings import Settings
from blurline.storage.bucket_admin import Buckets
from deployments.backup import taking
from deployments.backup.folder import BackupRefused, Folder, Manifest
from deployments.backup.mirror import mirror
from deployments.backup.postgres_tools import dump_database
from deployments.backup.taking import back_up
from sql.deletion.deletions import delete_job, grace_periods
from sql.engine.database import Database
from tests.deployments.backup.installation import contents_of, index_of, objects_of, publish_all, submit


def _take(settings: Settings, folder: Path) -> tuple[Manifest, list[str]]:
    said: list[str] = []
    return back_up(settings, folder, said.append), said


def _remove(settings: Settings, role: str, key: str) -> None:
    with closing(Buckets(settings)) as buckets:
        buckets.remove(buckets.by_role[role], key)


def test_a_backup_holds_everything_in_a_private_folder(source: Settings, database: Database, tmp_path: Path) -> None:
    submit(source, database, b"one", b"two", b"one")
    publish_all(source, database, b"without faces")
    with closing(Buckets(source)) as buckets:
        buckets.write(
            source.store.exports_bucket, "images/day=2026-01-05/part.parquet", io.BytesIO(b"day"), 3, "text/plain"
        )
    (source.home / "store_door.pem").write_text("the certificate of an embedded part")
    manifest, _ = _take(source, tmp_path / "backup")
    assert contents_of(tmp_path / "backup") == {b"one", b"two", b"without faces", b"day"}
    assert index_of(tmp_path / "backup") == set(objects_of(source))
    assert {role: total.objects for role, total in manifest.buckets.items()} == {
        "exports": 1,
        "originals": 3,
        "results": 3,
    }
    assert (manifest.rows["jobs"], manifest.rows["images"], manifest.rows["detections"]) == (1, 3, 6)
    assert (manifest.missing, manifest.altered) == (0, 0)
    assert [Path(key.path).name for key in manifest.keys] == ["audit_key.pem", "issuer_key.pem"]
    for path in (tmp_path / "backup", *(tmp_path / "backup").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_second_backup_copies_new_objects_and_drops_deleted_ones(
    source: Settings, database: Database, tmp_path: Path
) -> None:
    submit(source, database, b"kept")
    deleted = submit(source, database, b"kept", b"deleted")
    _take(source, tmp_path / "backup")
    _, said = _take(source, tmp_path / "backup")
    assert said == ["0 objects copied before the dump.", "0 objects copied after the dump."]
    with psycopg.connect(source.database.conninfo) as connection:
        doomed = connection.execute("SELECT original_key FROM images WHERE job_id = %s", (deleted,)).fetchall()
    assert delete_job(database, None, deleted, "ann", grace_periods(source))
    for (key,) in doomed:
        _remove(source, "originals", key)
    submit(source, database, b"new")
    (tmp_path / "backup" / "objects" / "ab").mkdir(exist_ok=True)
    (tmp_path / "backup" / "objects" / "ab" / "abandoned").write_bytes(b"of a backup that was interrupted")
    manifest, said = _take(source, tmp_path / "backup")
    assert said[0] == "1 objects copied before the dump."
    assert contents_of(tmp_path / "backup") == {b"kept", b"new"}
    assert index_of(tmp_path / "backup") == set(objects_of(source))
    assert (manifest.missing, manifest.rows["jobs"]) == (0, 2)
    assert len(list((tmp_path / "backup").glob("database-*.dump"))) == 1


def test_a_backup_from_a_host_without_keys_keeps_the_keys_it_has(
    source: Settings, database: Database, tmp_path: Path
) -> None:
    submit(source, database, b"kept")
    (source.home / "issuer_key.pem").write_text("a key")
    _take(source, tmp_path / "backup")
    elsewhere = source.replace(home=tmp_path / "elsewhere")
    with pytest.raises(BackupRefused, match="would lose them"):
        _take(elsewhere, tmp_path / "backup")
    assert (tmp_path / "backup" / "keys" / "issuer_key.pem").read_text() == "a key"


def test_a_backup_does_not_list_objects_deleted_while_it_runs(
    source: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image is submitted after the buckets were copied and deleted after the database was dumped."""
    jobs: list[Any] = []

    def mirror_and_submit(*arguments: Any) -> int:
        copied = mirror(*arguments)
        if not jobs:
            jobs.append(submit(source, database, b"short-lived"))
        return copied

    def dump_and_delete(*arguments: Any) -> None:
        dump_database(*arguments)
        if len(jobs) == 1:
            jobs.append(None)
            with psycopg.connect(source.database.conninfo) as connection:
                (key,) = connection.execute("SELECT original_key FROM images WHERE job_id = %s", jobs[:1]).fetchone()  # type: ignore[misc]
            delete_job(database, None, jobs[0], "ann", grace_periods(source))
            _remove(source, "originals", key)

    submit(source, database, b"stays")
    monkeypatch.setattr(taking, "mirror", mirror_and_submit)
    monkeypatch.setattr(taking, "dump_database", dump_and_delete)
    manifest, said = _take(source, tmp_path / "backup")
    assert len(said) == 3, "the database was dumped twice"
    assert (manifest.missing, manifest.rows["images"]) == (0, 1)
    assert contents_of(tmp_path / "backup") == {b"stays"}


def test_an_object_copied_before_its_deletion_after_the_dump_stays(
    source: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dump_and_remove(*arguments: Any) -> None:
        dump_database(*arguments)
        for role, key in objects_of(source):
            _remove(source, role, key)

    submit(source, database, b"named by the dump")
    monkeypatch.setattr(taking, "dump_database", dump_and_remove)
    manifest, said = _take(source, tmp_path / "backup")
    assert (manifest.missing, len(said)) == (0, 2)
    assert contents_of(tmp_path / "backup") == {b"named by the dump"}


def test_missing_and_altered_objects_are_counted(source: Settings, database: Database, tmp_path: Path) -> None:
    submit(source, database, b"lost", b"altered", b"good")
    publish_all(source, database, b"result")
    keys = {content: key for (role, key), (content, _) in objects_of(source).items() if role == "originals"}
    _remove(source, "originals", keys[b"lost"])
    with closing(Buckets(source)) as buckets:
        buckets.write(source.store.originals_bucket, keys[b"altered"], io.BytesIO(b"other"), 5, "text/plain")
    manifest, _ = _take(source, tmp_path / "backup")
    assert (manifest.missing, manifest.altered) == (1, 1)


def test_a_foreign_folder_and_a_running_backup_are_refused(
    source: Settings, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"precious")
    with pytest.raises(BackupRefused, match="is not a backup"):
        _take(source, tmp_path / "photos")
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["a.jpg"]
    submit(source, database, b"one")
    _take(source, tmp_path / "backup")
    with (tmp_path / "backup" / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupRefused, match="is running"):
            _take(source, tmp_path / "backup")


def test_a_failed_backup_leaves_the_previous_one_intact(
    source: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(source, database, b"one")
    before, _ = _take(source, tmp_path / "backup")
    submit(source, database, b"two")

    def fails(*_arguments: Any) -> None:
        raise BackupRefused("The disk is full.")

    monkeypatch.setattr(taking, "dump_database", fails)
    with pytest.raises(BackupRefused, match="disk is full"):
        _take(source, tmp_path / "backup")
    monkeypatch.undo()
    folder = Folder(tmp_path / "backup")
    assert folder.manifest() == before
    assert folder.checked(before.dump).exists() and folder.checked(before.index).exists()
    after, _ = _take(source, tmp_path / "backup")
    assert after.rows["images"] == 2
    assert len(list((tmp_path / "backup").glob("objects-*"))) == 1


def test_a_database_without_our_tables_is_refused(target: Settings, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="no tables of Blurline"):
        _take(target, tmp_path / "backup")

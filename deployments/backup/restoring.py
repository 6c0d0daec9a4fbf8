"""Restore an installation from a backup: the store, then the database in one transaction, then the keys.

An interrupted restore can be started again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from blurline.settings import Settings
from blurline.storage.bucket_admin import Buckets
from deployments.backup.folder import BackupRefused, Folder, Manifest, write_private
from deployments.backup.index import Index, IndexEntry
from deployments.backup.mirror import THREADS, put_back
from deployments.backup.postgres_tools import load_dump
from deployments.create_buckets import make_buckets
from sql.engine.migrate import MIGRATIONS, migrate
from sql.upkeep.backup import NewEtag, count_rows, count_sessions, drop_all_tables, list_tables, rename_etags


def find_backup(path: Path) -> tuple[Folder, Manifest]:
    """The backup in a folder. Raises BackupRefused when there is no completed one."""
    folder = Folder(path)
    manifest = folder.manifest()
    if manifest is None:
        raise BackupRefused(f"{path} does not contain a completed backup.")
    return folder, manifest


def restore(
    settings: Settings, folder: Folder, manifest: Manifest, say: Callable[[str], None], *, replacing: bool
) -> None:
    """Restore buckets, database and keys. Raises BackupRefused, where possible before it changes anything.

    ``replacing`` drops the database's tables and overwrites objects and keys.
    """
    _check_migrations(manifest)
    dump, index_path = folder.checked(manifest.dump), folder.checked(manifest.index)
    keys = [folder.checked(key) for key in manifest.keys]
    make_buckets(settings)
    with closing(Index(index_path)) as index, closing(Buckets(settings, THREADS)) as buckets:
        _check_target(settings, buckets, keys, replacing=replacing)
        for stored in put_back(buckets, folder, index.entries()):
            index.note_etags(_changed(stored))
        say(f"{sum(each.objects for each in manifest.buckets.values())} objects are in the store.")
        if list_tables(settings.database.conninfo):
            drop_all_tables(settings.database.conninfo)
        load_dump(settings.database.conninfo, dump)
        _check_rows(settings.database.conninfo, manifest)
        say(f"The database is restored to {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC.")
        for name in migrate(settings.database.conninfo):
            say(f"The migration {name} was applied.")
        for changes in index.new_etags():
            rename_etags(settings.database.conninfo, changes)
    for key in keys:
        write_private(settings.home / key.name, key.read_bytes())
        say(f"The key {key.name} is in {settings.home}.")


def _changed(stored: list[tuple[IndexEntry, str]]) -> list[NewEtag]:
    """The originals with a new etag. The etags of other objects are not used."""
    return [
        NewEtag(entry.key, entry.etag, etag)
        for entry, etag in stored
        if entry.role == "originals" and etag != entry.etag
    ]


def _check_migrations(manifest: Manifest) -> None:
    unknown = sorted(set(manifest.migrations) - {path.stem for path in MIGRATIONS.glob("[0-9]*.sql")})
    if unknown:
        raise BackupRefused(
            f"The backup was made by the newer Blurline {manifest.blurline_version} (it has the migrations "
            f"{', '.join(unknown)}). Install that version."
        )


def _check_target(settings: Settings, buckets: Buckets, keys: list[Path], *, replacing: bool) -> None:
    """Raise BackupRefused if the database is in use or data would be lost."""
    sessions = count_sessions(settings.database.conninfo)
    if sessions:
        raise BackupRefused(
            f"{sessions} other sessions use the database. Stop every API, worker and dashboard, then try again."
        )
    if replacing:
        return
    remedy = "Choose an empty one, or add --replace to overwrite it."
    if tables := list_tables(settings.database.conninfo):
        raise BackupRefused(f"The database is not empty: it has {len(tables)} tables. {remedy}")
    for bucket in buckets.names:
        if next(buckets.objects(bucket), None) is not None:
            raise BackupRefused(f"The bucket {bucket} is not empty. {remedy}")
    for key in keys:
        there = settings.home / key.name
        if there.exists() and there.read_bytes() != key.read_bytes():
            raise BackupRefused(f"{there} differs from the backup's key. {remedy}")


def _check_rows(database: str, manifest: Manifest) -> None:
    rows = count_rows(database)
    if rows != manifest.rows:
        raise BackupRefused(
            f"The restored database has {rows} rows, but the backup had {manifest.rows}. Do not use it."
        )

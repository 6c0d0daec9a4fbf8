"""Bringing an installation back from a backup: first the store, then the database, all of it or nothing, then the keys.

A restore that was interrupted is started again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from blurline.settings import Settings
from blurline.storage.bucket_admin import Buckets
from deployments.backup.folder import BackupRefused, Folder, Manifest, write_private
from deployments.backup.index import Entry, Index
from deployments.backup.mirror import THREADS, put_back
from deployments.backup.postgres_tools import load_dump
from deployments.create_buckets import make_buckets
from sql.engine.migrate import MIGRATIONS, migrate
from sql.upkeep.backup import NewEtag, count_rows, count_sessions, drop_all_tables, list_tables, rename_etags


def find_backup(path: Path) -> tuple[Folder, Manifest]:
    """The backup in a folder. Raises BackupRefused when there is none that was completed."""
    folder = Folder(path)
    manifest = folder.manifest()
    if manifest is None:
        raise BackupRefused(f"{path} holds no backup that was completed.")
    return folder, manifest


def restore(
    settings: Settings, folder: Folder, manifest: Manifest, say: Callable[[str], None], *, replacing: bool
) -> None:
    """Bring back database, buckets and keys. Raises BackupRefused before anything is changed where that is possible.

    ``replacing``: what the database holds is dropped, and objects and keys are written over.
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
        if list_tables(settings.database):
            drop_all_tables(settings.database)
        load_dump(settings.database, dump)
        _check_rows(settings.database, manifest)
        say(f"The database is as it was at {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC.")
        for name in migrate(settings.database):
            say(f"The migration {name} was applied.")
        for changes in index.new_etags():
            rename_etags(settings.database, changes)
    for key in keys:
        write_private(settings.home / key.name, key.read_bytes())
        say(f"The key {key.name} is in {settings.home}.")


def _changed(stored: list[tuple[Entry, str]]) -> list[NewEtag]:
    """The originals that have another etag now; of other objects nobody asks it."""
    return [
        NewEtag(entry.key, entry.etag, etag)
        for entry, etag in stored
        if entry.role == "originals" and etag != entry.etag
    ]


def _check_migrations(manifest: Manifest) -> None:
    unknown = sorted(set(manifest.migrations) - {path.stem for path in MIGRATIONS.glob("[0-9]*.sql")})
    if unknown:
        raise BackupRefused(
            f"The backup is of Blurline {manifest.blurline_version}, which is newer than this one (it has the "
            f"migrations {', '.join(unknown)}). Install that version."
        )


def _check_target(settings: Settings, buckets: Buckets, keys: list[Path], *, replacing: bool) -> None:
    """Nobody is at work there, and there is nothing that would be lost."""
    sessions = count_sessions(settings.database)
    if sessions:
        raise BackupRefused(
            f"{sessions} others are connected to the database. Stop every API, worker and dashboard, and start again."
        )
    if replacing:
        return
    remedy = "Name an empty one, or add --replace to lose what it holds."
    if tables := list_tables(settings.database):
        raise BackupRefused(f"The database is not empty; it has {len(tables)} tables. {remedy}")
    for bucket in buckets.names:
        if next(buckets.objects(bucket), None) is not None:
            raise BackupRefused(f"The bucket {bucket} is not empty. {remedy}")
    for key in keys:
        there = settings.home / key.name
        if there.exists() and there.read_bytes() != key.read_bytes():
            raise BackupRefused(f"{there} is another key than the backup's. {remedy}")


def _check_rows(database: str, manifest: Manifest) -> None:
    rows = count_rows(database)
    if rows != manifest.rows:
        raise BackupRefused(f"The database has {rows} rows now, the backup had {manifest.rows}. Do not use it.")

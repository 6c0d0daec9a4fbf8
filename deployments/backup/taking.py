"""Take a backup while everything runs.

The buckets are copied first, which takes long. Then the database is dumped, and the objects added meanwhile are copied,
which is quick. An object is stored before a row names it, so every object that the dump names existed at that time. If
one was removed before it could be copied, a new dump, whose rows no longer name it, replaces the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from blurline.settings import Settings
from blurline.storage.bucket_admin import Buckets
from blurline.version import VERSION
from deployments.backup.folder import BackupRefused, Manifest, Total, writable
from deployments.backup.index import Index
from deployments.backup.mirror import THREADS, mirror
from deployments.backup.postgres_tools import dump_database
from deployments.installation_keys import INSTALLATION_KEYS
from sql.upkeep.backup import Snapshot, list_tables, snapshot

_TRIES = 3


def back_up(settings: Settings, path: Path, say: Callable[[str], None]) -> Manifest:
    """Create or refresh the backup in the folder. Raises BackupRefused and the errors of database and store."""
    if "images" not in list_tables(settings.database.conninfo):
        raise BackupRefused(
            "The database has no tables of Blurline, so there is nothing to back up. Check BLURLINE_DATABASE_URL."
        )
    with writable(path) as folder:
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        index_path = path / f"objects-{stamp}.sqlite"
        earlier = folder.manifest()
        known = folder.checked(earlier.index) if earlier else None
        keys = sorted(key for name in INSTALLATION_KEYS if (key := settings.home / name).exists())
        if earlier and earlier.keys and not keys:
            raise BackupRefused(
                f"The backup contains signing keys but {settings.home} does not, so this backup would lose them. "
                "Set BLURLINE_HOME to the folder with the keys, or choose another backup folder."
            )
        with closing(Index.continued(index_path, known)) as index, closing(Buckets(settings, THREADS)) as buckets:
            say(f"{mirror(buckets, folder, index)} objects copied before the dump.")
            for dump_path in (path / f"database-{stamp}-{number}.dump" for number in range(_TRIES)):
                taken_at, missing_before = datetime.now(UTC), index.missing()
                with _dumped(settings.database.conninfo, dump_path) as state:
                    migrations, rows = state.migrations(), state.counts()
                    index.name(state.named_objects())
                say(f"{mirror(buckets, folder, index)} objects copied after the dump.")
                missing = index.missing()
                if not missing or missing == missing_before:
                    break
            altered = index.count_altered()
            index.delete_unnamed()
            totals = {role: Total(objects=n, size_bytes=size) for role, (n, size) in index.totals().items()}
        manifest = Manifest(
            blurline_version=VERSION,
            taken_at=taken_at,
            migrations=migrations,
            rows=rows,
            buckets=totals,
            missing=len(missing),
            altered=altered,
            dump=folder.keep(dump_path),
            index=folder.keep(index_path),
            keys=[folder.keep_key(source) for source in keys],
        )
        folder.complete(manifest)
        with closing(Index(index_path)) as index:
            folder.sweep(index.has_content)
    return manifest


@contextmanager
def _dumped(database: str, path: Path) -> Iterator[Snapshot]:
    """Dump the database, and yield the dumped snapshot."""
    with snapshot(database) as state:
        dump_database(database, state.id, path)
        yield state

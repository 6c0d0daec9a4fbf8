"""The content of each object, in an SQLite file, so that a million objects take no memory."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from sql.upkeep.backup import NamedObject, NewEtag

_OPENING = """
PRAGMA journal_mode = MEMORY;
CREATE TABLE IF NOT EXISTS objects (
    role       TEXT NOT NULL,
    key        TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    etag       TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    media_type TEXT NOT NULL,
    is_listed  INTEGER NOT NULL,
    PRIMARY KEY (role, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS objects_by_content ON objects (sha256);
CREATE TEMPORARY TABLE named (role TEXT NOT NULL, key TEXT NOT NULL, sha256 TEXT, etag TEXT, PRIMARY KEY (role, key));
CREATE TEMPORARY TABLE new_etags (key TEXT NOT NULL, old_etag TEXT NOT NULL, etag TEXT NOT NULL);
"""
_MOST_MISSING = 1000
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """An object in the bucket of this ``role`` (`originals`, `results` or `exports`), as read from the store."""

    role: str
    key: str
    size_bytes: int
    etag: str
    sha256: str
    media_type: str


class Index:
    """The index, for one thread. Must be closed."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path)
        self._database.executescript(_OPENING)

    @classmethod
    def continued(cls, path: Path, earlier: Path | None) -> Index:
        """A new index in ``path``, which starts as a copy of an earlier one."""
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            if earlier is not None:
                with earlier.open("rb") as source:
                    shutil.copyfileobj(source, file)
        return cls(path)

    def close(self) -> None:
        """Commit and close the file."""
        self._database.commit()
        self._database.close()

    def find(self, role: str, key: str) -> IndexEntry | None:
        """The entry of an object, if known."""
        row = self._database.execute(f"{_SELECT} WHERE role = ? AND key = ?", (role, key)).fetchone()
        return IndexEntry(*row) if row else None

    def entries(self) -> Iterator[IndexEntry]:
        """All entries."""
        return (IndexEntry(*row) for row in self._database.execute(_SELECT))

    def begin_listing(self) -> None:
        """Mark every entry as not listed; `note` marks entries as listed again."""
        self._database.execute("UPDATE objects SET is_listed = 0")

    def note(self, entries: Sequence[IndexEntry]) -> None:
        """Add or replace entries, and mark them as listed."""
        self._database.executemany("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, 1)", map(astuple, entries))
        self._database.commit()

    def name(self, named: Iterable[NamedObject]) -> None:
        """Set the objects that the database names."""
        self._database.execute("DELETE FROM named")
        self._database.executemany("INSERT OR IGNORE INTO named VALUES (?, ?, ?, ?)", map(astuple, named))

    def missing(self) -> list[str]:
        """The keys of objects that the database names but the index lacks; at most a thousand."""
        rows = self._database.execute(
            "SELECT named.key FROM named LEFT JOIN objects USING (role, key) WHERE objects.key IS NULL LIMIT ?",
            (_MOST_MISSING,),
        )
        return [key for (key,) in rows]

    def count_altered(self) -> int:
        """The number of objects whose content differs from the database's hash or etag."""
        (count,) = self._database.execute(
            "SELECT count(*) FROM named JOIN objects USING (role, key)"
            " WHERE named.sha256 <> objects.sha256 OR named.etag <> objects.etag"
        ).fetchone()
        return int(count)

    def delete_unnamed(self) -> None:
        """Delete entries that are neither listed nor named: their objects were deleted."""
        self._database.execute(
            "DELETE FROM objects WHERE is_listed = 0 AND (role, key) NOT IN (SELECT role, key FROM named)"
        )

    def has_content(self, sha256: str) -> bool:
        """Whether any object has this content."""
        return self._database.execute("SELECT 1 FROM objects WHERE sha256 = ?", (sha256,)).fetchone() is not None

    def note_etags(self, changes: Sequence[NewEtag]) -> None:
        """Record the new etags of originals after a restore."""
        self._database.executemany("INSERT INTO new_etags VALUES (?, ?, ?)", map(astuple, changes))

    def new_etags(self) -> Iterator[list[NewEtag]]:
        """The recorded etags, in groups."""
        rows = self._database.execute("SELECT key, old_etag, etag FROM new_etags")
        while group := rows.fetchmany(_AT_ONCE):
            yield [NewEtag(*row) for row in group]

    def totals(self) -> dict[str, tuple[int, int]]:
        """The objects and bytes of each role."""
        rows = self._database.execute("SELECT role, count(*), sum(size_bytes) FROM objects GROUP BY role")
        return {role: (objects, size_bytes) for role, objects, size_bytes in rows}


_SELECT = "SELECT role, key, size_bytes, etag, sha256, media_type FROM objects"

"""Which object has which content: an SQLite file, so that a million objects take no memory."""

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
CREATE TEMPORARY TABLE named (role TEXT NOT NULL, key TEXT NOT NULL, sha256 TEXT, PRIMARY KEY (role, key));
CREATE TEMPORARY TABLE new_etags (key TEXT NOT NULL, old_etag TEXT NOT NULL, etag TEXT NOT NULL);
"""
_MOST_MISSING = 1000
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """An object of the bucket of this ``role`` (`originals`, `results` or `exports`), as the store had it."""

    role: str
    key: str
    size_bytes: int
    etag: str
    sha256: str
    media_type: str


class Index:
    """The index in a file, for one thread. To be closed."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path)
        self._database.executescript(_OPENING)

    @classmethod
    def continued(cls, path: Path, earlier: Path | None) -> Index:
        """A new index in ``path``, which knows what an earlier one knew."""
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            if earlier is not None:
                with earlier.open("rb") as source:
                    shutil.copyfileobj(source, file)
        return cls(path)

    def close(self) -> None:
        """Write what is not written yet and close the file."""
        self._database.commit()
        self._database.close()

    def find(self, role: str, key: str) -> Entry | None:
        """What is known of an object."""
        row = self._database.execute(f"{_SELECT} WHERE role = ? AND key = ?", (role, key)).fetchone()
        return Entry(*row) if row else None

    def entries(self) -> Iterator[Entry]:
        """Everything."""
        return (Entry(*row) for row in self._database.execute(_SELECT))

    def begin_listing(self) -> None:
        """From now on count as listed what `note` is told."""
        self._database.execute("UPDATE objects SET is_listed = 0")

    def note(self, entries: Sequence[Entry]) -> None:
        """These are listed, and are so."""
        self._database.executemany("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, 1)", map(astuple, entries))
        self._database.commit()

    def name(self, named: Iterable[NamedObject]) -> None:
        """These objects, and no others, are named by the database."""
        self._database.execute("DELETE FROM named")
        self._database.executemany("INSERT OR IGNORE INTO named VALUES (?, ?, ?)", map(astuple, named))

    def missing(self) -> list[str]:
        """The keys of objects that are named and not known, the first thousand."""
        rows = self._database.execute(
            "SELECT named.key FROM named LEFT JOIN objects USING (role, key) WHERE objects.key IS NULL LIMIT ?",
            (_MOST_MISSING,),
        )
        return [key for (key,) in rows]

    def count_altered(self) -> int:
        """How many contents are not those that the database names."""
        (count,) = self._database.execute(
            "SELECT count(*) FROM named JOIN objects USING (role, key) WHERE named.sha256 <> objects.sha256"
        ).fetchone()
        return int(count)

    def forget_unnamed(self) -> None:
        """Forget what is neither listed nor named: it was deleted."""
        self._database.execute(
            "DELETE FROM objects WHERE is_listed = 0 AND (role, key) NOT IN (SELECT role, key FROM named)"
        )

    def has_content(self, sha256: str) -> bool:
        """Whether any object has this content."""
        return self._database.execute("SELECT 1 FROM objects WHERE sha256 = ?", (sha256,)).fetchone() is not None

    def note_etags(self, changes: Sequence[NewEtag]) -> None:
        """Remember that these originals have other etags in the store to which they were brought back."""
        self._database.executemany("INSERT INTO new_etags VALUES (?, ?, ?)", map(astuple, changes))

    def new_etags(self) -> Iterator[list[NewEtag]]:
        """What `note_etags` was told, many at a time."""
        rows = self._database.execute("SELECT key, old_etag, etag FROM new_etags")
        while group := rows.fetchmany(_AT_ONCE):
            yield [NewEtag(*row) for row in group]

    def totals(self) -> dict[str, tuple[int, int]]:
        """Objects and bytes of each role."""
        rows = self._database.execute("SELECT role, count(*), sum(size_bytes) FROM objects GROUP BY role")
        return {role: (objects, size_bytes) for role, objects, size_bytes in rows}


_SELECT = "SELECT role, key, size_bytes, etag, sha256, media_type FROM objects"

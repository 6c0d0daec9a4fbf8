"""The state of every picture of an output folder, so that a run can continue where an earlier one stopped.

A picture has a row once it is in the store. What must not happen twice is written here before it is done.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from blurline.cli.upload.picture import Chunk, Picture, State, Uploaded
from blurline.cli.upload.scan import LocalPicture
from blurline.contract import Image
from blurline.errors import ConfigurationError
from blurline.file_names import same_name
from blurline.picture.photo import Format

FOLDER = ".blurline-submit"
_FILE = "journal.sqlite"
_OPENING = """
PRAGMA locking_mode = EXCLUSIVE; -- until the journal is closed or the process ends
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
BEGIN EXCLUSIVE;
CREATE TABLE IF NOT EXISTS terms (text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS chunks (id TEXT PRIMARY KEY, job_id TEXT, request TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pictures (
    name          BLOB PRIMARY KEY,
    size_bytes    INTEGER NOT NULL,
    mtime_ns      INTEGER NOT NULL,
    sha256        TEXT NOT NULL,
    state         TEXT NOT NULL,
    key           TEXT NOT NULL,
    chunk_id      TEXT REFERENCES chunks,
    position      INTEGER,
    image_id      TEXT,
    reason        TEXT NOT NULL DEFAULT '',
    result_sha256 TEXT,
    extension     TEXT,
    result_name   BLOB UNIQUE,
    result_bytes  INTEGER,
    result_mtime_ns INTEGER
);
CREATE INDEX IF NOT EXISTS pictures_by_state ON pictures (state);
CREATE INDEX IF NOT EXISTS pictures_by_chunk ON pictures (chunk_id, position);
COMMIT;
"""
_EXTENSIONS = {each.media_type: each.extension for each in Format}


class Journal:
    """The journal of one output folder, for one thread of one process at a time. Close it after use."""

    def __init__(self, output: Path, terms: str) -> None:
        folder = output / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(folder / _FILE, timeout=0, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._owners: dict[str, str] | None = None  # the picture of each result's path, read when first needed
        try:
            self._database.executescript(_OPENING)
            self._bind(output, terms)
        except sqlite3.OperationalError as error:
            self.close()
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise ConfigurationError(
                f"Another `blurline submit` is using {output}. Wait for it, or choose another folder with -o."
            ) from error
        except ConfigurationError:
            self.close()
            raise

    def close(self) -> None:
        """Close the journal, so that another process can open it."""
        self._database.close()

    def find(self, name: str) -> Picture | None:
        """Return the picture with this name."""
        row = self._database.execute("SELECT * FROM pictures WHERE name = ?", [os.fsencode(name)]).fetchone()
        return _picture(row) if row else None

    def pictures(self, state: State, limit: int = -1, *, is_smallest_first: bool = False) -> list[Picture]:
        """Return the pictures in a state, at most ``limit`` of them."""
        order = "size_bytes" if is_smallest_first else "rowid"
        query = f"SELECT * FROM pictures WHERE state = ? ORDER BY {order} LIMIT ?"
        rows = self._database.execute(query, [state, limit])
        return [_picture(row) for row in rows]

    def count(self) -> dict[State, int]:
        """Return the number of pictures in each state."""
        rows = self._database.execute("SELECT state, count(*) FROM pictures GROUP BY state")
        return dict.fromkeys(State, 0) | {State(state): number for state, number in rows}

    def note_uploaded(self, uploaded: Uploaded) -> None:
        """Record an upload: of a new picture, of one with new content, or of one whose upload was lost."""
        local = uploaded.local
        self._database.execute(
            "INSERT INTO pictures (name, size_bytes, mtime_ns, sha256, state, key) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns, "
            "sha256 = excluded.sha256, state = excluded.state, key = excluded.key, chunk_id = NULL, "
            "position = NULL, image_id = NULL, reason = ''",
            [
                os.fsencode(local.name), local.size_bytes, local.mtime_ns, uploaded.sha256,
                State.UPLOADED, uploaded.key,
            ],
        )  # fmt: skip

    def note_touched(self, local: LocalPicture) -> None:
        """Record that a picture has a new modification time and the same content."""
        self._database.execute(
            "UPDATE pictures SET mtime_ns = ? WHERE name = ?", [local.mtime_ns, os.fsencode(local.name)]
        )

    def note_chunk(self, chunk: Chunk, pictures: Sequence[Picture]) -> None:
        """Record a chunk of these pictures, in this order, before it is submitted."""
        with self._transaction():
            self._database.execute("INSERT INTO chunks (id, request) VALUES (?, ?)", [chunk.id, chunk.request])
            self._database.executemany(
                "UPDATE pictures SET state = ?, chunk_id = ?, position = ? WHERE name = ?",
                [
                    (State.SUBMITTED, chunk.id, position, os.fsencode(picture.name))
                    for position, picture in enumerate(pictures)
                ],
            )

    def chunks_without_job(self) -> list[Chunk]:
        """Return the chunks for which the API has not confirmed a job."""
        rows = self._database.execute("SELECT id, request FROM chunks WHERE job_id IS NULL ORDER BY id")
        return [Chunk(*row) for row in rows]

    def note_job(self, chunk_id: str, job_id: UUID) -> None:
        """Record the job of a chunk."""
        self._database.execute("UPDATE chunks SET job_id = ? WHERE id = ?", [str(job_id), chunk_id])

    def drop_chunk(self, chunk_id: str, state: State) -> list[str]:
        """Delete a chunk that the API refused, set its pictures to ``state`` and return their names."""
        with self._transaction():
            names = self._database.execute(
                "UPDATE pictures SET state = ?, chunk_id = NULL, position = NULL WHERE chunk_id = ? RETURNING name",
                [state, chunk_id],
            ).fetchall()
            self._database.execute("DELETE FROM chunks WHERE id = ?", [chunk_id])
        return [os.fsdecode(name) for (name,) in names]

    def open_jobs(self) -> dict[str, UUID]:
        """Return chunks and their jobs while a result can still arrive."""
        rows = self._database.execute(
            "SELECT DISTINCT chunks.id, job_id FROM chunks JOIN pictures ON chunk_id = chunks.id "
            "WHERE job_id IS NOT NULL AND state NOT IN (?, ?) ORDER BY chunks.id",
            [State.HERE, State.DELETED],
        )
        return {chunk_id: UUID(job_id) for chunk_id, job_id in rows}

    def note_images(self, chunk_id: str, images: Sequence[Image], *, is_finished: bool) -> None:
        """Record the states of a chunk's images. An image that a finished job lacks was deleted."""
        with self._transaction():
            for image in images:
                is_underway = image.state in ("queued", "processing")
                self._database.execute(
                    "UPDATE pictures SET state = ?, image_id = ?, reason = ?, result_sha256 = ?, extension = ? "
                    "WHERE chunk_id = ? AND position = ? AND state <> ?",
                    [
                        State.SUBMITTED if is_underway else State(image.state), str(image.id),
                        image.error.message if image.error else "", image.result_sha256,
                        _EXTENSIONS.get(image.result_media_type or ""), chunk_id, image.position, State.HERE,
                    ],
                )  # fmt: skip
            if is_finished:
                self._database.execute(
                    "UPDATE pictures SET state = ?, reason = 'It was deleted.' WHERE chunk_id = ? AND state = ?",
                    [State.DELETED, chunk_id, State.SUBMITTED],
                )

    def is_taken(self, result_name: str, name: str) -> bool:
        """Whether a path relative to the output folder is that of another picture's result on any file system."""
        if self._owners is None:
            rows = self._database.execute("SELECT result_name, name FROM pictures WHERE result_name IS NOT NULL")
            self._owners = {same_name(os.fsdecode(row[0])): os.fsdecode(row[1]) for row in rows}
        return self._owners.get(same_name(result_name), name) != name

    def note_place(self, name: str, result_name: str) -> None:
        """Record the path of a result, relative to the output folder, before the file is moved there."""
        self._database.execute(
            "UPDATE pictures SET result_name = ? WHERE name = ?", [os.fsencode(result_name), os.fsencode(name)]
        )
        if self._owners is not None:
            self._owners[same_name(result_name)] = name

    def note_here(self, name: str, sha256: str, stat: os.stat_result) -> None:
        """Record that a result is in its place, with its hash and file status."""
        self._database.execute(
            "UPDATE pictures SET state = ?, result_sha256 = ?, result_bytes = ?, result_mtime_ns = ? WHERE name = ?",
            [State.HERE, sha256, stat.st_size, stat.st_mtime_ns, os.fsencode(name)],
        )

    def note_not_here(self, name: str) -> None:
        """Record that a result is no longer in its place."""
        self._database.execute("UPDATE pictures SET state = ? WHERE name = ?", [State.PUBLISHED, os.fsencode(name)])

    def _bind(self, output: Path, terms: str) -> None:
        row = self._database.execute("SELECT text FROM terms").fetchone()
        if row is None:
            self._database.execute("INSERT INTO terms VALUES (?)", [terms])
        elif row["text"] != terms:
            raise ConfigurationError(
                f"{output} was started with {row['text']}, which differs from {terms}. Choose another folder with -o."
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def _picture(row: sqlite3.Row) -> Picture:
    return Picture(
        name=os.fsdecode(row["name"]),
        size_bytes=row["size_bytes"],
        mtime_ns=row["mtime_ns"],
        sha256=row["sha256"],
        state=State(row["state"]),
        key=row["key"],
        image_id=UUID(row["image_id"]) if row["image_id"] else None,
        reason=row["reason"],
        result_sha256=row["result_sha256"],
        extension=row["extension"],
        result_name=os.fsdecode(row["result_name"]) if row["result_name"] else None,
        result_bytes=row["result_bytes"],
        result_mtime_ns=row["result_mtime_ns"],
    )

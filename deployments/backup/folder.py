"""The folder of a backup: what lies where in it, for its owner's eyes alone.

    manifest.json          what the backup is of, and the hashes of the files below; written last
    database-….dump        pg_dump's custom format
    objects-….sqlite       which object of which bucket has which content
    objects/ab/abcdef…     the contents, named by their sha256
    keys/*.pem             the keys that sign tokens and audit records

A new backup into the same folder adds what is new and replaces the manifest at the end; until then the last one holds.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from blurline.errors import PermanentError
from blurline.ids import new_id

_MANIFEST = "manifest.json"
_OBJECTS = "objects"
_KEYS = "keys"
_LOCK = "lock"


class BackupRefused(PermanentError):
    """A backup cannot be made or restored like this; the message says what to do."""

    code = "backup_refused"


class File(BaseModel):
    """A file of the folder, by its path there."""

    model_config = ConfigDict(extra="forbid")
    path: str
    sha256: str


class Total(BaseModel):
    """How much a bucket holds."""

    model_config = ConfigDict(extra="forbid")
    objects: int
    size_bytes: int


class Manifest(BaseModel):
    """What a backup is of. ``missing``: objects that images name and the store did not have; ``altered``: those whose
    content was not what the images say."""

    model_config = ConfigDict(extra="forbid")
    format: Literal["blurline-backup-1"] = "blurline-backup-1"
    blurline_version: str
    taken_at: datetime
    migrations: list[str]
    rows: dict[str, int]
    buckets: dict[str, Total]
    missing: int
    altered: int
    dump: File
    index: File
    keys: list[File]


class Folder:
    """A folder that holds a backup or is to hold one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def manifest(self) -> Manifest | None:
        """That of the last backup that was completed. Raises BackupRefused when it cannot be read."""
        path = self.path / _MANIFEST
        if not path.exists():
            return None
        try:
            return Manifest.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise BackupRefused(f"{path} is damaged, or of another version of Blurline: {error}") from error

    def checked(self, file: File) -> Path:
        """Where a file of the manifest lies. Raises BackupRefused unless its content is what the manifest says."""
        path = self.path / file.path
        if not path.is_file() or file_sha256(path) != file.sha256:
            raise BackupRefused(f"{path} is missing or damaged: its sha256 is not the manifest's. Use another backup.")
        return path

    def blob(self, sha256: str) -> Path:
        """Where a content lies."""
        return self.path / _OBJECTS / sha256[:2] / sha256

    def draft(self) -> Path:
        """A new file for a content whose hash is not known yet."""
        return self.path / _OBJECTS / f"draft-{new_id()}"

    def keep(self, path: Path) -> File:
        """A finished file, for the manifest."""
        return File(path=str(path.relative_to(self.path)), sha256=file_sha256(path))

    def keep_key(self, source: Path) -> File:
        """Copy a key into the folder."""
        path = self.path / _KEYS / source.name
        write_private(path, source.read_bytes())
        return self.keep(path)

    def complete(self, manifest: Manifest) -> None:
        """Put the manifest in place, once everything else is on the disk, and remove what an earlier one named."""
        os.sync()
        write_private(self.path / _MANIFEST, manifest.model_dump_json(indent=1).encode())
        os.sync()
        named = {file.path for file in (manifest.dump, manifest.index, *manifest.keys)}
        for pattern in ("database-*", "objects-*", f"{_KEYS}/*", f"{_OBJECTS}/draft-*"):
            for path in self.path.glob(pattern):
                if str(path.relative_to(self.path)) not in named:
                    path.unlink()

    def sweep(self, is_used: Callable[[str], bool]) -> None:
        """Remove contents that are of no object, also those that an interrupted backup has left."""
        for path in self.path.glob(f"{_OBJECTS}/??/*"):
            if not is_used(path.name):
                path.unlink()


@contextmanager
def writable(path: Path) -> Iterator[Folder]:
    """The folder for one backup at a time; made (0700) where it is missing. Raises BackupRefused."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    is_ours = (path / _LOCK).exists()
    if not is_ours and any(path.iterdir()):
        raise BackupRefused(f"{path} is not empty and holds no backup. Name a folder of its own.")
    path.chmod(0o700)
    with os.fdopen(os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupRefused(f"Another backup into {path} is under way. Wait for it.") from error
        for name in (_OBJECTS, _KEYS):
            (path / name).mkdir(mode=0o700, exist_ok=True)
        yield Folder(path)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that its owner alone may read, whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def file_sha256(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

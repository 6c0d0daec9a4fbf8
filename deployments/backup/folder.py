"""The layout of a backup folder, which only its owner can read.

    manifest.json          what the backup contains, and the hashes of the files below; written last
    database-….dump        pg_dump's custom format
    objects-….sqlite       the content of each object of each bucket
    objects/ab/abcdef…     the contents, named by their sha256
    keys/*.pem             the keys that sign tokens and audit records

A new backup into the same folder adds new contents and replaces the manifest at the end. Until then, the previous
backup stays valid.
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
    """The backup or restore is not possible. The message says what to do."""

    code = "backup_refused"


class StoredFile(BaseModel):
    """A file in the folder, by its relative path."""

    model_config = ConfigDict(extra="forbid")
    path: str
    sha256: str


class Total(BaseModel):
    """The number and size of a bucket's objects."""

    model_config = ConfigDict(extra="forbid")
    objects: int
    size_bytes: int


class Manifest(BaseModel):
    """The contents of a backup. ``missing`` counts objects that images name but the store did not have; ``altered``
    counts objects whose content differs from the hash of their image."""

    model_config = ConfigDict(extra="forbid")
    format: Literal["blurline-backup-1"] = "blurline-backup-1"
    blurline_version: str
    taken_at: datetime
    migrations: list[str]
    rows: dict[str, int]
    buckets: dict[str, Total]
    missing: int
    altered: int
    dump: StoredFile
    index: StoredFile
    keys: list[StoredFile]


class Folder:
    """A folder for a backup."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def manifest(self) -> Manifest | None:
        """The manifest of the last completed backup, if any. Raises BackupRefused when it cannot be read."""
        path = self.path / _MANIFEST
        if not path.exists():
            return None
        try:
            return Manifest.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise BackupRefused(f"{path} is damaged or belongs to another version of Blurline: {error}") from error

    def checked(self, file: StoredFile) -> Path:
        """The path of a file of the manifest. Raises BackupRefused unless its hash matches."""
        path = self.path / file.path
        if not path.is_file() or file_sha256(path) != file.sha256:
            raise BackupRefused(
                f"{path} is missing or damaged: its sha256 differs from the manifest. Use another backup."
            )
        return path

    def blob(self, sha256: str) -> Path:
        """The path of a content."""
        return self.path / _OBJECTS / sha256[:2] / sha256

    def draft(self) -> Path:
        """A path for a content whose hash is not known yet."""
        return self.path / _OBJECTS / f"draft-{new_id()}"

    def keep(self, path: Path) -> StoredFile:
        """The manifest's entry for a finished file."""
        return StoredFile(path=str(path.relative_to(self.path)), sha256=file_sha256(path))

    def keep_key(self, source: Path) -> StoredFile:
        """Copy a key into the folder."""
        path = self.path / _KEYS / source.name
        write_private(path, source.read_bytes())
        return self.keep(path)

    def complete(self, manifest: Manifest) -> None:
        """Write the manifest once everything else is on the disk, then remove the files of earlier backups."""
        os.sync()
        write_private(self.path / _MANIFEST, manifest.model_dump_json(indent=1).encode())
        os.sync()
        named = {file.path for file in (manifest.dump, manifest.index, *manifest.keys)}
        for pattern in ("database-*", "objects-*", f"{_KEYS}/*", f"{_OBJECTS}/draft-*"):
            for path in self.path.glob(pattern):
                if str(path.relative_to(self.path)) not in named:
                    path.unlink()

    def sweep(self, is_used: Callable[[str], bool]) -> None:
        """Remove contents that no object uses, including those of an interrupted backup."""
        for path in self.path.glob(f"{_OBJECTS}/??/*"):
            if not is_used(path.name):
                path.unlink()


@contextmanager
def writable(path: Path) -> Iterator[Folder]:
    """Lock the folder for one backup; create it (0700) if it is missing. Raises BackupRefused."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    is_ours = (path / _LOCK).exists()
    if not is_ours and any(path.iterdir()):
        raise BackupRefused(f"{path} is not empty and is not a backup. Choose an empty folder.")
    path.chmod(0o700)
    with os.fdopen(os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupRefused(f"Another backup into {path} is running. Wait until it ends.") from error
        for name in (_OBJECTS, _KEYS):
            (path / name).mkdir(mode=0o700, exist_ok=True)
        yield Folder(path)


def write_private(path: Path, content: bytes) -> None:
    """Write a file atomically, readable only by its owner."""
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

"""Finds pictures in files and folders."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from blurline.errors import ConfigurationError

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif", ".tif", ".tiff", ".gif", ".bmp"})

Identity = tuple[int, int]
Entry = tuple[Identity, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A picture. ``name`` is its path below the given folder, or the name of a given file, with slashes."""

    name: str
    path: Path
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Scan:
    """Pictures, and how many files with other extensions and folders were skipped."""

    pictures: list[Found]
    other_files: int
    folders: int


def check_paths(paths: Sequence[Path], output: Path) -> None:
    """Raise ConfigurationError when a path does not exist, or results would be among originals."""
    for path in paths:
        if not path.exists():
            raise ConfigurationError(f"{path} does not exist.")
        folder = path if path.is_dir() else path.parent
        if output.exists() and folder.samefile(output):
            raise ConfigurationError(
                f"The results would be among the originals of {folder}. Choose another folder with -o."
            )


def scan(paths: Sequence[Path], output: Path, *, is_recursive: bool) -> Scan:
    """Return the pictures in folders, by extension, and the given files, with any name.

    Hidden files and ``output`` are skipped. A file that several paths or links lead to is found once, by the outermost
    path. Raises ConfigurationError when two pictures have the same name, or something cannot be read.
    """
    found: dict[str, Found] = {}
    try:
        walk = _Walk(output, is_recursive=is_recursive)
        outermost_first = sorted(paths, key=lambda path: (not path.is_dir(), len(path.resolve().parts)))
        for picture in (each for path in outermost_first for each in walk.pictures(path)):
            other = found.setdefault(picture.name, picture)
            if other is not picture and not other.path.samefile(picture.path):
                raise ConfigurationError(
                    f"The results of {other.path} and {picture.path} would have the same name. Use different folders "
                    "with -o, or submit a folder that contains both with --recursive."
                )
    except OSError as error:
        raise ConfigurationError(f"{error.filename} cannot be read: {error.strerror}.") from error
    return Scan(list(found.values()), walk.other_files, walk.folders)


class _Walk:
    """Walks through files and folders, each once, and counts what it skips."""

    def __init__(self, output: Path, *, is_recursive: bool) -> None:
        self._is_recursive = is_recursive
        self._walked: set[Identity] = {_identity(output)}
        self._passed: set[Identity] = set()
        self._taken: set[Entry] = set()
        self._others: set[Entry] = set()

    @property
    def other_files(self) -> int:
        """How many files with other extensions were skipped."""
        return len(self._others - self._taken)

    @property
    def folders(self) -> int:
        """How many folders were not entered."""
        return len(self._passed - self._walked)

    def pictures(self, path: Path) -> Iterator[Found]:
        """The pictures of a file or folder that were not found before."""
        if not path.is_dir():
            if self._is_new((_identity(path.parent), path.name)):
                yield _found(path.name, path, path.stat())
            return
        folders = [("", path)]
        while folders:
            prefix, folder = folders.pop()
            identity = _identity(folder)
            if identity in self._walked:
                continue
            self._walked.add(identity)
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
            for entry in listed:
                stat = None if entry.name.startswith(".") else _stat(entry)
                if stat is None:
                    continue
                if S_ISDIR(stat.st_mode) and self._is_recursive:
                    folders.append((f"{prefix}{entry.name}/", Path(entry.path)))
                elif S_ISDIR(stat.st_mode):
                    self._passed.add((stat.st_dev, stat.st_ino))
                elif S_ISREG(stat.st_mode) and Path(entry.name).suffix.lower() not in EXTENSIONS:
                    self._others.add((identity, entry.name))
                elif S_ISREG(stat.st_mode) and self._is_new((identity, entry.name)):
                    yield _found(f"{prefix}{entry.name}", Path(entry.path), stat)

    def _is_new(self, entry: Entry) -> bool:
        is_new = entry not in self._taken
        self._taken.add(entry)
        return is_new


def _stat(entry: os.DirEntry[str]) -> os.stat_result | None:
    """The status of an entry or of a link's target; None if it does not exist."""
    try:
        return entry.stat()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            return None
        raise


def _found(name: str, path: Path, stat: os.stat_result) -> Found:
    return Found(name, path, stat.st_size, stat.st_mtime_ns)


def _identity(path: Path) -> Identity:
    stat = path.stat()
    return stat.st_dev, stat.st_ino

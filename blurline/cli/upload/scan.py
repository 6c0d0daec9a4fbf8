"""Which pictures there are in the files and folders that were named."""

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
    """A picture. ``name`` is its path below the folder that was named, or its file's name, with slashes."""

    name: str
    path: Path
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Scan:
    """The pictures, and how much was left out: files of other extensions, and folders where none is entered."""

    pictures: list[Found]
    other_files: int
    folders: int


def check_paths(paths: Sequence[Path], output: Path) -> None:
    """Raise ConfigurationError when one of the paths is not there, or results would lie among originals."""
    for path in paths:
        if not path.exists():
            raise ConfigurationError(f"There is no {path}.")
        folder = path if path.is_dir() else path.parent
        if output.exists() and folder.samefile(output):
            raise ConfigurationError(
                f"The results would lie among the originals of {folder}; choose another folder with -o."
            )


def scan(paths: Sequence[Path], output: Path, *, is_recursive: bool) -> Scan:
    """The pictures of folders, known by their extension, and the files that were named, whatever they are called.

    Hidden files and what lies in ``output`` are left out. What the paths lead to in several ways, or links in circles,
    is found once, by the outermost of them. Raises ConfigurationError when two pictures have one name, or something
    cannot be read.
    """
    found: dict[str, Found] = {}
    try:
        walk = _Walk(output, is_recursive=is_recursive)
        outermost_first = sorted(paths, key=lambda path: (not path.is_dir(), len(path.resolve().parts)))
        for picture in (each for path in outermost_first for each in walk.pictures(path)):
            other = found.setdefault(picture.name, picture)
            if other is not picture and not other.path.samefile(picture.path):
                raise ConfigurationError(
                    f"The results of {other.path} and {picture.path} would have one name. Submit them with different "
                    "folders for -o, or name a folder that holds both, with --recursive."
                )
    except OSError as error:
        raise ConfigurationError(f"{error.filename} cannot be read: {error.strerror}.") from error
    return Scan(list(found.values()), walk.other_files, walk.folders)


class _Walk:
    """Goes through files and folders, through each once; remembers what it leaves out."""

    def __init__(self, output: Path, *, is_recursive: bool) -> None:
        self._is_recursive = is_recursive
        self._walked: set[Identity] = {_identity(output)}
        self._passed: set[Identity] = set()
        self._taken: set[Entry] = set()
        self._others: set[Entry] = set()

    @property
    def other_files(self) -> int:
        """How many files with other extensions were left out."""
        return len(self._others - self._taken)

    @property
    def folders(self) -> int:
        """How many folders were not entered."""
        return len(self._passed - self._walked)

    def pictures(self, path: Path) -> Iterator[Found]:
        """The pictures of a file or a folder that were not found before."""
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
    """What an entry is or leads to; None where that is nothing, or nothing any more."""
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

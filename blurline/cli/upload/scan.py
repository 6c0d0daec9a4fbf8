"""The pictures in the given files and folders, found once or again and again."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from blurline.errors import ConfigurationError
from blurline.file_names import EXTENSIONS

Identity = tuple[int, int]
Entry = tuple[Identity, str]


@dataclass(frozen=True, slots=True)
class LocalPicture:
    """A picture file. ``name`` is its path relative to the given folder, or its file's name, with slashes."""

    name: str
    path: Path
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Scan:
    """The pictures, and how much was left out: files with other extensions, and folders without --recursive."""

    pictures: list[LocalPicture]
    other_files: int
    folders: int


def check_paths(paths: Sequence[Path], output: Path) -> None:
    """Raise ConfigurationError when a path does not exist, or results would be written among originals."""
    for path in paths:
        if not path.exists():
            raise ConfigurationError(f"{path} does not exist.")
        folder = path if path.is_dir() else path.parent
        if output.exists() and folder.samefile(output):
            raise ConfigurationError(
                f"The results would be among the originals of {folder}. Choose another folder with -o."
            )


def scan(paths: Sequence[Path], output: Path, *, is_recursive: bool) -> Scan:
    """Return the pictures in the folders, chosen by extension, and every given file whatever its extension.

    Hidden files and the contents of ``output`` are left out. A picture that several paths or links lead to is found
    once, by the outermost path. Raises ConfigurationError when two pictures have one name, or a path cannot be read.
    """
    found: dict[str, LocalPicture] = {}
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


class Scanner:
    """Finds pictures that are new or have changed since it last returned them.

    While it watches, it returns a picture once two scans in a row find it unchanged, so that no file is still being
    written.
    """

    def __init__(self, paths: Sequence[Path], output: Path, *, is_recursive: bool, is_watching: bool) -> None:
        self._paths, self._output = paths, output
        self._is_recursive, self._is_watching = is_recursive, is_watching
        self._last_scan: dict[str, LocalPicture] = {}
        self._returned: dict[str, LocalPicture] = {}
        self.other_files = self.folders = 0
        """What the last scan left out: files with other extensions, and folders."""

    @property
    def names(self) -> Collection[str]:
        """The names of all pictures returned so far."""
        return self._returned

    def scan(self, busy: Collection[str]) -> list[LocalPicture]:
        """Return new pictures, except those named in ``busy``: a later scan returns them. Raises ConfigurationError."""
        scanned = scan(self._paths, self._output, is_recursive=self._is_recursive)
        self.other_files, self.folders = scanned.other_files, scanned.folders
        found = {each.name: each for each in scanned.pictures}
        new = [
            each
            for name, each in found.items()
            if self._returned.get(name) != each
            and name not in busy
            and not (self._is_watching and self._last_scan.get(name) != each)
        ]
        self._last_scan = found
        self._returned |= {each.name: each for each in new}
        return new

    def reset(self, names: Iterable[str]) -> None:
        """Return these pictures again at the next scan."""
        for name in names:
            self._returned.pop(name, None)


class _Walk:
    """Visits each file and folder once, and counts what it leaves out."""

    def __init__(self, output: Path, *, is_recursive: bool) -> None:
        self._is_recursive = is_recursive
        self._walked: set[Identity] = {_identity(output)}
        self._passed: set[Identity] = set()
        self._taken: set[Entry] = set()
        self._others: set[Entry] = set()

    @property
    def other_files(self) -> int:
        """The number of files left out for their extension."""
        return len(self._others - self._taken)

    @property
    def folders(self) -> int:
        """The number of folders that were not entered."""
        return len(self._passed - self._walked)

    def pictures(self, path: Path) -> Iterator[LocalPicture]:
        """Yield the pictures of a file or folder that were not found before."""
        if not path.is_dir():
            if self._is_new((_identity(path.parent), path.name)):
                yield _local_picture(path.name, path, path.stat())
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
                    yield _local_picture(f"{prefix}{entry.name}", Path(entry.path), stat)

    def _is_new(self, entry: Entry) -> bool:
        is_new = entry not in self._taken
        self._taken.add(entry)
        return is_new


def _stat(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Return the status of the file that an entry is or links to; None when there is no such file."""
    try:
        return entry.stat()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            return None
        raise


def _local_picture(name: str, path: Path, stat: os.stat_result) -> LocalPicture:
    return LocalPicture(name, path, stat.st_size, stat.st_mtime_ns)


def _identity(path: Path) -> Identity:
    stat = path.stat()
    return stat.st_dev, stat.st_ino

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


@dataclass(frozen=True, slots=True)
class Found:
    """A picture. ``name`` is its path below the folder that was named, or its file's name, with slashes."""

    name: str
    path: Path
    size_bytes: int
    mtime_ns: int


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


def scan(paths: Sequence[Path], output: Path, *, is_recursive: bool) -> list[Found]:
    """The pictures of folders, known by their extension, and the files that were named, whatever they are called.

    Hidden files and what lies in ``output`` are left out; a folder that links lead to in circles is read once. Raises
    ConfigurationError when two pictures have one name, or something cannot be read.
    """
    found: dict[str, Found] = {}
    try:
        walked = {_identity(output)}
        for picture in (each for path in paths for each in _pictures(path, walked, is_recursive)):
            other = found.setdefault(picture.name, picture)
            if other is not picture and not other.path.samefile(picture.path):
                raise ConfigurationError(
                    f"The results of {other.path} and {picture.path} would have one name. Submit them with different "
                    "folders for -o, or name a folder that holds both, with --recursive."
                )
    except OSError as error:
        raise ConfigurationError(f"{error.filename} cannot be read: {error.strerror}.") from error
    return list(found.values())


def _pictures(path: Path, walked: set[tuple[int, int]], is_recursive: bool) -> Iterator[Found]:
    """The pictures of a file or a folder, but for folders that were ``walked`` before."""
    if not path.is_dir():
        yield _found(path.name, path, path.stat())
        return
    folders = [("", path)]
    while folders:
        prefix, folder = folders.pop()
        identity = _identity(folder)
        if identity in walked:
            continue
        walked.add(identity)
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
        for entry in listed:
            stat = None if entry.name.startswith(".") else _stat(entry)
            if stat is None:
                continue
            if is_recursive and S_ISDIR(stat.st_mode):
                folders.append((f"{prefix}{entry.name}/", Path(entry.path)))
            elif S_ISREG(stat.st_mode) and Path(entry.name).suffix.lower() in EXTENSIONS:
                yield _found(f"{prefix}{entry.name}", Path(entry.path), stat)


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


def _identity(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_dev, stat.st_ino

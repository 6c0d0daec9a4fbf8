"""Which pictures there are in the files and folders that were named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from blurline.errors import ConfigurationError

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif", ".tif", ".tiff", ".gif", ".bmp"})


@dataclass(frozen=True, slots=True)
class Found:
    """A picture. ``name`` is its path below the folder that was named, or its file's name, with slashes."""

    name: str
    path: Path
    size_bytes: int
    mtime_ns: int


def scan(paths: Sequence[Path], output: Path, *, is_recursive: bool) -> list[Found]:
    """The pictures of folders, known by their extension, and the files that were named, whatever they are called.

    Hidden files and what lies in ``output`` are left out; a folder that links lead to in circles is read once. Raises
    ConfigurationError when two pictures have one name, or results would lie among originals.
    """
    found: dict[str, Found] = {}
    for path in paths:
        _check_apart(path, output)
        for picture in _pictures(path, output, is_recursive):
            other = found.setdefault(picture.name, picture)
            if other is not picture and not other.path.samefile(picture.path):
                raise ConfigurationError(
                    f"The results of {other.path} and {picture.path} would have one name. Submit them with different "
                    "folders for -o, or name a folder that holds both, with --recursive."
                )
    return list(found.values())


def _pictures(path: Path, output: Path, is_recursive: bool) -> Iterator[Found]:
    if not path.is_dir():
        yield _found(path.name, path, path.stat())
        return
    seen = {_identity(path), _identity(output)}
    folders = [("", path)]
    while folders:
        prefix, folder = folders.pop()
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
        for entry in listed:
            if entry.name.startswith("."):
                continue
            if is_recursive and entry.is_dir() and (identity := _identity(Path(entry.path))) not in seen:
                seen.add(identity)
                folders.append((f"{prefix}{entry.name}/", Path(entry.path)))
            elif Path(entry.name).suffix.lower() in EXTENSIONS and entry.is_file():
                try:
                    yield _found(f"{prefix}{entry.name}", Path(entry.path), entry.stat())
                except FileNotFoundError:  # gone since it was listed
                    continue


def _found(name: str, path: Path, stat: os.stat_result) -> Found:
    return Found(name, path, stat.st_size, stat.st_mtime_ns)


def _identity(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_dev, stat.st_ino


def _check_apart(path: Path, output: Path) -> None:
    """Refuse a folder that is ``output``, and a file that lies in it."""
    if not path.exists():
        raise ConfigurationError(f"There is no {path}.")
    folder = path if path.is_dir() else path.parent
    if folder.samefile(output):
        raise ConfigurationError(
            f"The results would lie among the originals of {folder}; choose another folder with -o."
        )

"""The pictures among files that somebody has dragged in: themselves, or packed in a ZIP.

A ZIP is read in memory and trusted in nothing: its entries are counted before they are listed, only plain compression
is unpacked, one entry at a time, and no entry beyond the size that it states.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol

from blurline.cli.upload.scan import EXTENSIONS
from blurline.errors import PermanentError

MOST_PICTURES = 2000
MOST_BYTES = 2_000_000_000
ACCEPTED = tuple(sorted(extension.removeprefix(".") for extension in EXTENSIONS))

_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
_ZIP_LISTED = b"PK\x01\x02"
_MOST_ENTRIES = 20_000
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LONGEST_NAME = 255
_ENCRYPTED = 0x1
_FOR_MORE = "For more, use the command `blurline submit`."


class NotUnpacked(PermanentError):
    """An entry of a ZIP cannot be read."""

    code = "not_unpacked"


class File(Protocol):
    """A file that was dragged in."""

    name: str

    def getvalue(self) -> bytes:
        """All of it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to submit. ``open`` gives its bytes; raises NotUnpacked."""

    name: str
    size_bytes: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What can be submitted of the files, and a sentence for each thing that was left out."""

    pictures: list[Picture] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """Of all pictures together."""
        return sum(picture.size_bytes for picture in self.pictures)


def choose(files: Sequence[File], most_file_bytes: int) -> Chosen:
    """The pictures among the files and within ZIPs, known by their extension."""
    chosen = Chosen()
    others = 0
    total_bytes = 0
    for picture in _found(files, chosen.left_out):
        if PurePosixPath(picture.name).suffix.lower() not in EXTENSIONS:
            others += 1
        elif picture.size_bytes > most_file_bytes:
            chosen.left_out.append(f"{picture.name} is larger than {most_file_bytes / 1e6:.0f} MB.")
        elif len(chosen.pictures) == MOST_PICTURES:
            chosen.left_out.append(f"At most {MOST_PICTURES:,} pictures are submitted at once. {_FOR_MORE}")
            break
        elif total_bytes + picture.size_bytes > MOST_BYTES:
            chosen.left_out.append(f"At most {MOST_BYTES / 1e9:.0f} GB are submitted at once. {_FOR_MORE}")
            break
        else:
            chosen.pictures.append(picture)
            total_bytes += picture.size_bytes
    if others:
        chosen.left_out.append(f"{others:,} of the files {'is no picture' if others == 1 else 'are no pictures'}.")
    return chosen


def _found(files: Sequence[File], left_out: list[str]) -> Iterator[Picture]:
    for file in files:
        data = file.getvalue()
        if not data.startswith(_ZIP_STARTS):
            yield Picture(_plain_name(file.name), len(data), partial(io.BytesIO, data))
        elif data.count(_ZIP_LISTED) > _MOST_ENTRIES:
            left_out.append(f"{file.name} holds more than {_MOST_ENTRIES:,} files.")
        else:
            try:
                archive = zipfile.ZipFile(io.BytesIO(data))
            except (zipfile.BadZipFile, NotImplementedError, ValueError):
                left_out.append(f"{file.name} is no ZIP that can be read. Pack it again.")
                continue
            yield from _unpacked(archive, file.name, left_out)


def _unpacked(archive: zipfile.ZipFile, zip_name: str, left_out: list[str]) -> Iterator[Picture]:
    is_locked = False
    for entry in archive.infolist():
        name = _plain_name(entry.filename)
        if entry.is_dir() or not name or _is_hidden(name):
            continue
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _PLAIN:
            is_locked = True
            continue
        yield Picture(name, entry.file_size, partial(_read, archive, entry))
    if is_locked:
        left_out.append(f"{zip_name} holds files that are encrypted or packed in a way that is not read here.")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> BinaryIO:
    try:
        with archive.open(entry) as file:
            return io.BytesIO(file.read(entry.file_size + 1))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise NotUnpacked(f"{entry.filename} cannot be unpacked: its ZIP is damaged. Pack it again.") from error


def _plain_name(name: str) -> str:
    """A relative path without steps upwards and control characters."""
    parts = name.replace("\\", "/").split("/")
    kept = "/".join(part for part in parts if part not in ("", ".", ".."))
    return "".join(character for character in kept if character.isprintable())[-_LONGEST_NAME:]


def _is_hidden(name: str) -> bool:
    """Also what macOS packs beside each file."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))

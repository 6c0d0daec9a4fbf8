"""The pictures among the files that a user has chosen, also those inside a ZIP.

A ZIP is read in memory and not trusted: its entries are counted before they are listed, only plain compression is
unpacked, one entry at a time, and never more of an entry than its stated size.
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

from blurline.errors import PermanentError
from blurline.file_names import EXTENSIONS

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


class UploadedFile(Protocol):
    """A chosen file."""

    name: str

    def getvalue(self) -> bytes:
        """The whole content."""


@dataclass(frozen=True, slots=True)
class ChosenPicture:
    """A picture to submit. ``open`` returns its content and raises NotUnpacked."""

    name: str
    size_bytes: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class ChosenFiles:
    """The pictures to submit, and a sentence for each file that is left out."""

    pictures: list[ChosenPicture] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """The total size of the pictures."""
        return sum(picture.size_bytes for picture in self.pictures)


def find_pictures(files: Sequence[UploadedFile], most_file_bytes: int) -> ChosenFiles:
    """Find the pictures among the files and inside ZIPs, by their extension."""
    chosen = ChosenFiles()
    others = 0
    total_bytes = 0
    for picture in _found(files, chosen.left_out):
        if PurePosixPath(picture.name).suffix.lower() not in EXTENSIONS:
            others += 1
        elif picture.size_bytes > most_file_bytes:
            chosen.left_out.append(f"{picture.name} is larger than {most_file_bytes / 1e6:.0f} MB.")
        elif len(chosen.pictures) == MOST_PICTURES:
            chosen.left_out.append(f"At most {MOST_PICTURES:,} pictures can be submitted at once. {_FOR_MORE}")
            break
        elif total_bytes + picture.size_bytes > MOST_BYTES:
            chosen.left_out.append(f"At most {MOST_BYTES / 1e9:.0f} GB can be submitted at once. {_FOR_MORE}")
            break
        else:
            chosen.pictures.append(picture)
            total_bytes += picture.size_bytes
    if others:
        chosen.left_out.append(f"{others:,} {'file is not a picture' if others == 1 else 'files are not pictures'}.")
    return chosen


def _found(files: Sequence[UploadedFile], left_out: list[str]) -> Iterator[ChosenPicture]:
    for file in files:
        data = file.getvalue()
        if not data.startswith(_ZIP_STARTS):
            yield ChosenPicture(_plain_name(file.name), len(data), partial(io.BytesIO, data))
        elif data.count(_ZIP_LISTED) > _MOST_ENTRIES:
            left_out.append(f"{file.name} contains more than {_MOST_ENTRIES:,} files. Split it.")
        else:
            try:
                archive = zipfile.ZipFile(io.BytesIO(data))
            except (zipfile.BadZipFile, NotImplementedError, ValueError):
                left_out.append(f"{file.name} is not a readable ZIP file. Create it again.")
                continue
            yield from _unpacked(archive, file.name, left_out)


def _unpacked(archive: zipfile.ZipFile, zip_name: str, left_out: list[str]) -> Iterator[ChosenPicture]:
    is_locked = False
    for entry in archive.infolist():
        name = _plain_name(entry.filename)
        if entry.is_dir() or not name or _is_hidden(name):
            continue
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _PLAIN:
            is_locked = True
            continue
        yield ChosenPicture(name, entry.file_size, partial(_read, archive, entry))
    if is_locked:
        left_out.append(f"{zip_name} contains files that are encrypted or use an unsupported compression.")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> BinaryIO:
    try:
        with archive.open(entry) as file:
            return io.BytesIO(file.read(entry.file_size + 1))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise NotUnpacked(
            f"{entry.filename} cannot be unpacked because its ZIP is damaged. Create the ZIP file again."
        ) from error


def _plain_name(name: str) -> str:
    """The name as a relative path that stays in its folder and has no control characters."""
    parts = name.replace("\\", "/").split("/")
    kept = "/".join(part for part in parts if part not in ("", ".", ".."))
    return "".join(character for character in kept if character.isprintable())[-_LONGEST_NAME:]


def _is_hidden(name: str) -> bool:
    """Whether the file is hidden, or one that macOS adds to a ZIP."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))

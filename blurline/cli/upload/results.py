"""Uploads one picture, downloads one result, and moves it to its place."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path, PurePosixPath

from blurline.cli.upload.journal import Journal
from blurline.cli.upload.picture import Picture, Sent
from blurline.cli.upload.scan import Found
from blurline.client import Client
from blurline.errors import PermanentError, RetryableError

_FETCHES = 3
_SAME_FORMAT = {"jpg": {".jpg", ".jpeg"}, "tif": {".tif", ".tiff"}}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A downloaded result and its hash."""

    part: Path
    sha256: str


class PictureChanged(PermanentError):
    """The file changed during its upload."""

    code = "picture_changed"


class ResultDamaged(RetryableError):
    """A downloaded result does not match its checksum."""

    code = "result_damaged"


def send(client: Client, found: Found, known: Picture | None) -> Sent | Found:
    """Upload a picture, unless its content equals that of the ``known`` picture; then return it with its current time.

    Raises PictureChanged, OSError, and what the client raises.
    """
    with found.path.open("rb") as file:
        before = os.fstat(file.fileno())
        found = replace(found, size_bytes=before.st_size, mtime_ns=before.st_mtime_ns)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if known is not None and known.sha256 == sha256:
            return found
        (upload,) = client.create_uploads()
        client.upload(upload, file)
        after = os.fstat(file.fileno())
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise PictureChanged("The file changed during its upload. Submit it again.")
    return Sent(found, sha256, upload.key)


def fetch(client: Client, picture: Picture, parts: Path) -> Fetched:
    """Download a result to a file in ``parts``. Raises ResultDamaged, and what the client raises."""
    assert picture.image_id is not None
    part = parts / str(picture.image_id)
    expected = picture.result_sha256
    for _ in range(_FETCHES):
        with part.open("w+b") as file:
            client.result(picture.image_id, file)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            if sha256 == expected:
                return Fetched(part, sha256)
        expected = client.image(picture.image_id).result_sha256  # a re-run may have replaced it
    raise ResultDamaged(f"The downloaded result of {picture.name} does not match its checksum.")


def place(journal: Journal, output: Path, picture: Picture, fetched: Fetched) -> None:
    """Move a fetched result to its place. It replaces only an earlier result of the same picture. Raises OSError."""
    chosen = _free_name(journal, output, picture)
    (output / chosen).parent.mkdir(parents=True, exist_ok=True)
    if picture.result_name not in (None, chosen):
        (output / str(picture.result_name)).unlink(missing_ok=True)
    journal.note_place(picture.name, chosen)
    fetched.part.replace(output / chosen)
    journal.note_here(picture.name, fetched.sha256, (output / chosen).stat())


def result_name(name: str, extension: str | None) -> str:
    """The file name of a picture's result: the picture's name, plus the extension if the format differs."""
    if extension is None or PurePosixPath(name).suffix.lower() in _SAME_FORMAT.get(extension, {f".{extension}"}):
        return name
    return f"{name}.{extension}"


def _free_name(journal: Journal, output: Path, picture: Picture) -> str:
    wanted = PurePosixPath(result_name(picture.name, picture.extension))
    for number in count(1):
        chosen = str(wanted if number == 1 else wanted.with_name(f"{wanted.stem} ({number}){wanted.suffix}"))
        is_free = not journal.is_taken(chosen) and not os.path.lexists(output / chosen)
        if is_free or chosen == picture.result_name:
            return chosen
    raise AssertionError("numbers do not end")

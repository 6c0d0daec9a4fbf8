"""Results: checked when a run starts, fetched a few at a time, and moved into the output folder."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path, PurePosixPath
from stat import S_ISREG

from blurline.cli.upload.journal import FOLDER, Journal
from blurline.cli.upload.picture import Picture, State
from blurline.cli.upload.scheduling import DaemonThreads
from blurline.client import ApiRefused, Client
from blurline.errors import ConfigurationError, RetryableError
from blurline.file_names import result_path

ALTERED = f"{FOLDER}/altered"
AT_ONCE = 6
_FETCHES = 3
_NOT_THERE = {"not_found", "not_published", "object_missing"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A downloaded result: its file and hash."""

    part: Path
    sha256: str


class ResultDamaged(RetryableError):
    """A downloaded result does not have the hash that the API reports."""

    code = "result_damaged"


class Results:
    """Fetches published results. ``faults`` says why results could not be fetched, by picture name."""

    def __init__(self, client: Client, journal: Journal, threads: DaemonThreads, output: Path) -> None:
        self._client, self._journal, self._threads, self._output = client, journal, threads, output
        self._parts = output / FOLDER / "parts"
        shutil.rmtree(self._parts, ignore_errors=True)  # left by an interrupted run
        self._parts.mkdir()
        self._underway: dict[Future[Fetched], Picture] = {}
        self.faults: dict[str, str] = {}

    @property
    def futures(self) -> Collection[Future[Fetched]]:
        """The downloads under way."""
        return self._underway.keys()

    @property
    def is_over(self) -> bool:
        """Whether no download is under way or can start."""
        return not self._underway and not self._ready()

    def start(self) -> None:
        """Start downloads, up to `AT_ONCE` at a time."""
        for picture in self._ready()[: AT_ONCE - len(self._underway)]:
            self._underway[self._threads.start(partial(fetch, self._client, picture, self._parts))] = picture

    def settle(self) -> None:
        """Move downloaded results to their places. Raises the client's retryable errors; `start` tries again."""
        for future in [each for each in self._underway if each.done()]:
            picture = self._underway.pop(future)
            try:
                fetched = future.result()
                current = self._journal.find(picture.name)
                if current is None or current.image_id != picture.image_id:
                    fetched.part.unlink()  # the picture has changed meanwhile, and its new result will come
                    continue
                place(self._journal, self._output, current, fetched)
            except OSError as error:
                self.faults[picture.name] = str(error)
            except ApiRefused as error:
                if error.code not in _NOT_THERE:
                    raise
                self.faults[picture.name] = str(error)

    def _ready(self) -> list[Picture]:
        busy = {picture.name for picture in self._underway.values()} | self.faults.keys()
        published = self._journal.pictures(State.PUBLISHED, AT_ONCE + len(busy))
        return [picture for picture in published if picture.name not in busy]


def check_results(journal: Journal, output: Path) -> int:
    """Mark missing and altered results to be fetched again, and return their number.

    A file in the place of a result is moved to `ALTERED`. A file with the recorded size and time is not read. Raises
    ConfigurationError.
    """
    try:
        wrong = [picture for picture in journal.pictures(State.HERE) if not _is_here(journal, output, picture)]
        for picture in wrong:
            _move_aside(output, picture)
            journal.note_not_here(picture.name)
    except OSError as error:
        raise ConfigurationError(f"{error.filename} cannot be read or moved: {error.strerror}.") from error
    return len(wrong)


def fetch(client: Client, picture: Picture, parts: Path) -> Fetched:
    """Download a result to a file in ``parts``. Raises ResultDamaged and the client's errors."""
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
        expected = client.image(picture.image_id).result_sha256  # a re-run may have replaced the result
    raise ResultDamaged(f"The downloaded result of {picture.name} does not match its checksum.")


def place(journal: Journal, output: Path, picture: Picture, fetched: Fetched) -> None:
    """Move a downloaded result to its place, never over a file that is not a result of the same picture.

    The result of a changed picture replaces the earlier one. Raises OSError.
    """
    chosen = _free_name(journal, output, picture)
    (output / chosen).parent.mkdir(parents=True, exist_ok=True)
    if picture.result_name not in (None, chosen):
        (output / str(picture.result_name)).unlink(missing_ok=True)
    journal.note_place(picture.name, chosen)
    fetched.part.replace(output / chosen)
    journal.note_here(picture.name, fetched.sha256, (output / chosen).stat())


def result_name(name: str, extension: str | None) -> str:
    """Return the name of a picture's result: the picture's own, plus the extension when the format differs."""
    return name if extension is None else str(result_path(PurePosixPath(name), f".{extension}"))


def _free_name(journal: Journal, output: Path, picture: Picture) -> str:
    wanted = _beside_files(output, PurePosixPath(result_name(picture.name, picture.extension)))
    for number in count(1):
        chosen = str(wanted if number == 1 else wanted.with_name(f"{wanted.stem} ({number}){wanted.suffix}"))
        is_free = chosen == picture.result_name or not os.path.lexists(output / chosen)
        if is_free and not journal.is_taken(chosen, picture.name):
            return chosen
    raise AssertionError("numbers do not end")


def _beside_files(output: Path, wanted: PurePosixPath) -> PurePosixPath:
    """The path, with other names for those of its folders that are files."""
    folder = PurePosixPath()
    for name in wanted.parts[:-1]:
        folder /= name
        while os.path.lexists(output / folder) and not (output / folder).is_dir():
            folder = folder.with_name(f"{folder.name}_")
    return folder / wanted.name


def _is_here(journal: Journal, output: Path, picture: Picture) -> bool:
    path = output / str(picture.result_name)
    try:
        stat = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not S_ISREG(stat.st_mode):
        return False
    if (stat.st_size, stat.st_mtime_ns) == (picture.result_bytes, picture.result_mtime_ns):
        return True
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 != picture.result_sha256:
        return False
    journal.note_here(picture.name, sha256, stat)
    return True


def _move_aside(output: Path, picture: Picture) -> None:
    path = output / str(picture.result_name)
    try:
        mtime_ns = path.lstat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return
    aside = output / ALTERED / f"{mtime_ns}-{path.name}"
    aside.parent.mkdir(exist_ok=True)
    path.replace(aside)

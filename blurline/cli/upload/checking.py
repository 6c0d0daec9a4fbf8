"""Checks that fetched results are still present."""

from __future__ import annotations

import hashlib
from pathlib import Path
from stat import S_ISREG

from blurline.cli.upload.journal import FOLDER, Journal
from blurline.cli.upload.picture import Picture, State
from blurline.errors import ConfigurationError

ALTERED = f"{FOLDER}/altered"


def check_results(journal: Journal, output: Path) -> int:
    """Mark missing and altered results to be fetched again, and return how many. Altered files move to `ALTERED`.

    A file whose size and time are unchanged is not read. Raises ConfigurationError.
    """
    try:
        wrong = [picture for picture in journal.pictures(State.HERE) if not _is_here(journal, output, picture)]
        for picture in wrong:
            _move_aside(output, picture)
            journal.note_not_here(picture.name)
    except OSError as error:
        raise ConfigurationError(f"{error.filename} cannot be read or moved: {error.strerror}.") from error
    return len(wrong)


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

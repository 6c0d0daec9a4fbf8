"""The free space that the data folder of the embedded stack needs."""

from __future__ import annotations

import shutil
from pathlib import Path

from blurline.errors import ConfigurationError

FIRST_START_MB = 300
"""The databases take 150 MB at the first start; the rest is for the first pictures."""
LOW_MB = 150


def check_free_space(home: Path) -> str | None:
    """Return a warning when little space is left for new pictures.

    Raises ConfigurationError when a first start would fill the disk. A folder with data always starts, so that somebody
    can fetch and delete pictures.
    """
    existing = next(folder for folder in (home.absolute(), *home.absolute().parents) if folder.exists())
    is_first_start = not (home / "secrets.json").exists()
    return judge_free_space(home, shutil.disk_usage(existing).free // 2**20, is_first_start)


def judge_free_space(home: Path, free_mb: int, is_first_start: bool) -> str | None:
    """The same for a known amount of free space."""
    if is_first_start and free_mb < FIRST_START_MB:
        raise ConfigurationError(
            f"{home} has {free_mb} MB of free space, and Blurline needs {FIRST_START_MB} MB to start. "
            "Free some space, or set BLURLINE_HOME to a folder on another disk."
        )
    if free_mb < LOW_MB:
        return (
            f"Only {free_mb} MB of free space are left in {home}, so new pictures may be refused. "
            "Free some space, or delete jobs that are no longer needed."
        )
    return None

"""Settings from files: a folder with a file for each, named as its variable, as containers get their secrets."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from pathlib import Path

from blurline.errors import ConfigurationError


def read_secrets(folder: Path, known: Collection[str]) -> dict[str, str]:
    """What each file says, without the newline at its end, by the variable that it is named as.

    Names that begin with a dot are passed over: Kubernetes keeps its own there. Raises ConfigurationError for a file
    whose name is not among ``known``, is empty or cannot be read.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise ConfigurationError(
            f"BLURLINE_SECRETS_DIR: the folder {folder} cannot be read ({error.strerror}). "
            "Mount it there, readable for the user that runs Blurline, or unset the variable."
        ) from error
    return {_known(path, known): _read(path) for path in paths}


def _known(path: Path, known: Collection[str]) -> str:
    if path.name not in known:
        near = difflib.get_close_matches(path.name.upper(), known, n=1)
        hint = f"Should it be called {near[0]}?" if near else "Files are called as `blurline settings` lists variables."
        raise ConfigurationError(f"The file {path} is named as no setting of Blurline. {hint}")
    return path.name


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigurationError(
            f"The file {path} cannot be read ({error.strerror}). Make it readable for the user that runs Blurline."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The file {path} is not text in UTF-8.") from error
    if not text:
        raise ConfigurationError(f"The file {path} is empty. Write the value into it, or remove it.")
    return text

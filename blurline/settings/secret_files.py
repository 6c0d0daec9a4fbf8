"""Settings from a folder of secret files, one file per variable and named after it, as containers mount secrets."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from pathlib import Path

from blurline.errors import ConfigurationError


def read_secrets(folder: Path, known: Collection[str]) -> dict[str, str]:
    """Return the text of each file, without trailing line ends, by the variable that names the file.

    Skips names that begin with a dot, because Kubernetes keeps its own files there. Raises ConfigurationError if the
    folder cannot be read, or if a file is empty, cannot be read, is not UTF-8 or has a name that is not in ``known``.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise ConfigurationError(
            f"BLURLINE_SECRETS_DIR: the folder {folder} cannot be read ({error.strerror}). "
            "Mount it there, readable by the user that runs Blurline, or unset the variable."
        ) from error
    return {_known(path, known): _read(path) for path in paths}


def _known(path: Path, known: Collection[str]) -> str:
    if path.name not in known:
        near = difflib.get_close_matches(path.name.upper(), known, n=1)
        hint = f"Did you mean {near[0]}?" if near else "Use a name that `blurline settings` lists."
        raise ConfigurationError(f"The name of the file {path} is not a Blurline setting. {hint}")
    return path.name


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigurationError(
            f"The file {path} cannot be read ({error.strerror}). Make it readable by the user that runs Blurline."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The file {path} is not UTF-8 text. Write the value into it as UTF-8.") from error
    if not text:
        raise ConfigurationError(f"The file {path} is empty. Write the value into it, or remove it.")
    return text

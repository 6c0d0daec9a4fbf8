"""File names and cells that are safe for whoever opens them: Windows, macOS, Linux and spreadsheets."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from pathlib import PurePosixPath, PureWindowsPath

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif", ".tif", ".tiff", ".gif", ".bmp"})
"""The extensions, in lower case, of files that are pictures."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)
_MAX_PART_BYTES = 200
_MAX_PATH = 180  # of the 260 characters that many programs on Windows allow
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_path(name: str) -> PurePosixPath:
    """The name as a relative path that every operating system can write, without its first folders when too long.

    Empty when nothing of the name is left.
    """
    parts = [safe_name(part) for part in PureWindowsPath(name).as_posix().split("/")]
    kept = [part for part in parts if part]
    while len(kept) > 1 and len("/".join(kept)) > _MAX_PATH:
        del kept[0]
    return PurePosixPath(*kept)


def safe_name(name: str) -> str:
    """One part of a path that every operating system can write, at most 200 bytes long. Empty when nothing is left.

    Without control and direction characters, which can disguise an extension; without the characters, device names and
    endings that Windows refuses.
    """
    shown = "".join(letter for letter in name if unicodedata.category(letter) not in _INVISIBLE)
    plain = _trimmed(_FORBIDDEN.sub("_", unicodedata.normalize("NFC", shown)))
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    return _trimmed(_shortened(plain))


def result_path(path: PurePosixPath, extension: str) -> PurePosixPath:
    """The path of a picture's result: the picture's own, plus the ``extension``, with its dot, where that differs.

    It is added and replaces nothing, so that the results of `a.heic` and `a.jpg` have different names.
    """
    same = {".jpg": {".jpg", ".jpeg"}, ".tif": {".tif", ".tiff"}}.get(extension, {extension})
    return path if path.suffix.lower() in same else path.with_name(f"{path.name}{extension}")


def same_name(path: PurePosixPath | str) -> str:
    """Equal for paths that a file system takes for one that ignores case or the normal form of letters."""
    folded = unicodedata.normalize("NFD", str(path)).casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", folded).casefold())


def safe_cell(text: str) -> str:
    """Text that a spreadsheet shows and does not run as a formula (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


class Names:
    """The file names of a folder or an archive: unique on every file system, and no file where others need a folder."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._numbers: Counter[str] = Counter()

    def unused(self, path: PurePosixPath) -> str:
        """The path, with a number added if it is taken."""
        path = self._beside_files(path)
        chosen, wanted = path, same_name(path)
        while same_name(chosen) in self._files or same_name(chosen) in self._folders:
            self._numbers[wanted] += 1
            chosen = path.with_name(f"{path.stem} ({self._numbers[wanted] + 1}){path.suffix}")
        self._files.add(same_name(chosen))
        self._folders.update(same_name(folder) for folder in chosen.parents)
        return str(chosen)

    def _beside_files(self, path: PurePosixPath) -> PurePosixPath:
        """The path, with other names for those of its folders that are files already."""
        folder = PurePosixPath()
        for part in path.parts[:-1]:
            name = part
            while same_name(folder / name) in self._files:
                name += "_"
            folder /= name
        return folder / path.name


def _trimmed(name: str) -> str:
    return name.strip(" ").rstrip(". ")


def _shortened(name: str) -> str:
    """At most `_MAX_PART_BYTES` bytes in UTF-8, with the extension."""
    if len(name.encode()) <= _MAX_PART_BYTES:
        return name
    suffix = PurePosixPath(name).suffix
    if len(suffix.encode()) > 20:
        suffix = ""
    stem = name.removesuffix(suffix).encode()[: _MAX_PART_BYTES - len(suffix.encode())]
    return stem.decode(errors="ignore").rstrip(". ") + suffix

"""File names and cells that are safe for whoever opens them: Windows, macOS, Linux and spreadsheets."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

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


def same_name(path: PurePosixPath) -> str:
    """Equal for paths that a file system without regard to case takes for one."""
    return unicodedata.normalize("NFC", str(path).casefold())


def safe_cell(text: str) -> str:
    """Text that a spreadsheet shows and does not run as a formula (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


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

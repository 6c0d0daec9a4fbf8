"""Looks for pictures, once or repeatedly."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from blurline.cli.upload.scan import Found, scan


class Looking:
    """Finds pictures that are new or have changed since the last look.

    While watching, a picture counts once two looks found it unchanged, so that it is not still being written.
    """

    def __init__(self, paths: Sequence[Path], output: Path, *, is_recursive: bool, is_watching: bool) -> None:
        self._paths, self._output = paths, output
        self._is_recursive, self._is_watching = is_recursive, is_watching
        self._glimpsed: dict[str, Found] = {}
        self._seen: dict[str, Found] = {}
        self.other_files = self.folders = 0
        """What the last look skipped: files with other extensions, and folders."""

    @property
    def seen(self) -> Collection[str]:
        """The names of all pictures found."""
        return self._seen

    def look(self, busy: Collection[str]) -> list[Found]:
        """Return new pictures, except ``busy`` names, which a later look returns. Raises ConfigurationError."""
        scanned = scan(self._paths, self._output, is_recursive=self._is_recursive)
        self.other_files, self.folders = scanned.other_files, scanned.folders
        found = {each.name: each for each in scanned.pictures}
        new = [
            each
            for name, each in found.items()
            if self._seen.get(name) != each
            and name not in busy
            and not (self._is_watching and self._glimpsed.get(name) != each)
        ]
        self._glimpsed = found
        self._seen |= {each.name: each for each in new}
        return new

    def forget(self, names: Iterable[str]) -> None:
        """Return these again at the next look."""
        for name in names:
            self._seen.pop(name, None)

"""The output of a run: bars on a terminal, elsewhere a line every few seconds, and what was not published."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from blurline.cli.upload.picture import printable
from blurline.errors import RetryableError

_LINE_EVERY_S = 5.0
_SHORT_PAUSE_S = 1.0
_NOTICE_EVERY_S = 90.0
_MOST_REFUSED = 20


@dataclass(frozen=True, slots=True)
class Counts:
    """The progress of a run. Files and bytes count this run's uploads, results the whole output folder.

    The last four count results that will not arrive in this run, by reason.
    """

    files: int = 0
    files_sent: int = 0
    bytes: int = 0
    bytes_sent: int = 0
    results: int = 0
    results_here: int = 0
    not_published: int = 0
    not_fetched: int = 0
    not_uploaded: int = 0
    not_submitted: int = 0

    @property
    def results_settled(self) -> int:
        """The number of results that are here or will not arrive."""
        missing = self.not_published + self.not_fetched + self.not_uploaded + self.not_submitted
        return self.results_here + missing


@dataclass(frozen=True, slots=True)
class Unpublished:
    """A picture without a result in the output folder, and why."""

    name: str
    state: str
    reason: str


class Display:
    """Shows the progress of a run on a console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._counts = Counts()
        self._line_at = time.monotonic()
        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[says]}"),
            console=console, disable=not console.is_terminal,
        )  # fmt: skip
        self._sending = self._bars.add_task("Upload ", total=None, says="")
        self._results = self._bars.add_task("Results", total=None, says="")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Show bars during the block; without a terminal, print the last counts at its end."""
        with self._bars:
            try:
                yield
            finally:
                self._line()

    def show(self, counts: Counts) -> None:
        """Show the progress."""
        is_new, self._counts = counts != self._counts, counts
        sent = _sent(counts) if counts.files else ""
        self._bars.update(self._sending, total=counts.bytes or None, completed=counts.bytes_sent, says=sent)
        self._bars.update(
            self._results, total=counts.results or None, completed=counts.results_settled, says=_results(counts)
        )
        if is_new and time.monotonic() - self._line_at > _LINE_EVERY_S:
            self._line()

    def say(self, sentence: str) -> None:
        """Print a line above the bars."""
        self._console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    def say_found(self, is_any: bool, paths: Sequence[Path], other_files: int, folders: int) -> None:
        """Say when the paths contain no picture, and what was left out."""
        left_out = [
            *([_number(other_files, "file") + " with other extensions"] if other_files else []),
            *([_number(folders, "folder") + " (use --recursive to include them)"] if folders else []),
        ]
        nothing = "" if is_any else f"No pictures found in {', '.join(map(str, paths))}. "
        if nothing or left_out:
            self.say(nothing + (f"Skipped: {', '.join(left_out)}." if left_out else ""))

    def say_refused(self, refused: Mapping[str, str]) -> None:
        """Say which files are not uploaded, and why; of many, the first ones."""
        self.say(f"Not uploaded, because they would be refused: {_number(len(refused), 'file')}.")
        for name, why in list(refused.items())[:_MOST_REFUSED]:
            self.say(f"  {printable(name)}: {why}")
        if len(refused) > _MOST_REFUSED:
            self.say(f"  and {len(refused) - _MOST_REFUSED:,} more, which the end of the run lists.")

    def print_unpublished(self, pictures: Sequence[Unpublished]) -> None:
        """Print what was not published and why, as a table, or as lines without a terminal."""
        if not self._console.is_terminal:
            for each in pictures:
                self.say(f"{printable(each.name)}: {each.state}. {each.reason}")
            return
        table = Table("picture", "state", "why")
        for each in pictures:
            table.add_row(*map(Text, (printable(each.name), each.state, each.reason)))
        self._console.print(table)

    def _line(self) -> None:
        if not self._console.is_terminal and self._counts.results:
            self._line_at = time.monotonic()
            uploaded = f"Uploaded {_sent(self._counts)}" if self._counts.files else "Everything was already uploaded"
            self.say(f"{uploaded}. Results: {_results(self._counts)}.")


class WaitNotices:
    """Says what a run waits for, once for each reason, however many threads wait. Safe to share between threads.

    A reason that did not come up for `_NOTICE_EVERY_S` is said again.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lock = Lock()
        self._last_at: dict[str, float] = {}

    def wait(self, error: RetryableError, pause_s: float) -> None:
        """Report that a request is tried again after a pause."""
        if pause_s < _SHORT_PAUSE_S:
            return
        with self._lock:
            now = time.monotonic()
            is_new = now - self._last_at.get(error.code, -math.inf) > _NOTICE_EVERY_S
            self._last_at[error.code] = now
        if is_new:
            self._say(f"{error} Trying again.")


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _sent(counts: Counts) -> str:
    return f"{counts.files_sent} of {counts.files} files, {counts.bytes_sent / 1e6:.1f} of {counts.bytes / 1e6:.1f} MB"


def _results(counts: Counts) -> str:
    here = f"{counts.results_here} of {counts.results} here"
    missing = {
        "not published": counts.not_published,
        "not fetched": counts.not_fetched,
        "not uploaded": counts.not_uploaded,
        "not submitted": counts.not_submitted,
    }
    return ", ".join([here, *(f"{number} {what}" for what, number in missing.items() if number)])

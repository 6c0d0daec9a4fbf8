"""What a run shows: bars on a terminal, now and then a line elsewhere, and in the end what was not published."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from blurline.submitting.chunks import shown

_LINE_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a run is. Files and bytes are those of this run's uploads, results those of the whole output folder."""

    files: int = 0
    files_sent: int = 0
    bytes: int = 0
    bytes_sent: int = 0
    results: int = 0
    results_here: int = 0
    not_published: int = 0


@dataclass(frozen=True, slots=True)
class Unpublished:
    """A picture without a result here, and why."""

    name: str
    state: str
    reason: str


class Display:
    """Shows counts on a console."""

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
        """Bars move for the length of the block; without a terminal, the last counts are a line at its end."""
        with self._bars:
            try:
                yield
            finally:
                self._line()

    def show(self, counts: Counts) -> None:
        """Show how far the run is."""
        is_new, self._counts = counts != self._counts, counts
        self._bars.update(self._sending, total=counts.bytes or None, completed=counts.bytes_sent, says=_sent(counts))
        done = counts.results_here + counts.not_published
        self._bars.update(self._results, total=counts.results or None, completed=done, says=_results(counts))
        if is_new and time.monotonic() - self._line_at > _LINE_EVERY_S:
            self._line()

    def say(self, sentence: str) -> None:
        """Print a line above the bars."""
        self._console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    def print_unpublished(self, pictures: Sequence[Unpublished]) -> None:
        """What was not published and why: a table, or a line each without a terminal."""
        if not self._console.is_terminal:
            for each in pictures:
                self.say(f"{shown(each.name)}: {each.state}. {each.reason}")
            return
        table = Table("picture", "state", "why")
        for each in pictures:
            table.add_row(*map(Text, (shown(each.name), each.state, each.reason)))
        self._console.print(table)

    def _line(self) -> None:
        if not self._console.is_terminal:
            self._line_at = time.monotonic()
            self.say(f"Uploaded {_sent(self._counts)}. Results: {_results(self._counts)}.")


def _sent(counts: Counts) -> str:
    return f"{counts.files_sent} of {counts.files} files, {counts.bytes_sent / 1e6:.1f} of {counts.bytes / 1e6:.1f} MB"


def _results(counts: Counts) -> str:
    return f"{counts.results_here} of {counts.results} here, {counts.not_published} not published"

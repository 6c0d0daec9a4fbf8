"""Two checkouts side by side: this one and the one that BEFORE_CHECKOUT names, in the same Python environment."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from benchmarks.ratios import of_slices
from blurline.errors import ConfigurationError
from tests.acceptance.stack import Program


def checkouts(purpose: str) -> dict[str, Path]:
    """The folders of both checkouts, by "before" and "after". Raises ConfigurationError without BEFORE_CHECKOUT."""
    before = os.environ.get("BEFORE_CHECKOUT")
    if before is None:
        raise ConfigurationError(f"Set BEFORE_CHECKOUT to the folder of another checkout to compare {purpose}.")
    return {"before": Path(before).resolve(), "after": Path(__file__).resolve().parents[1]}


def program_of(folder: Path) -> Program:
    """The `blurline` of a checkout, in this Python environment."""
    return Program((sys.executable, "-m", "blurline"), folder, _variables(folder))


class CheckoutProcess:
    """A process that runs ``code`` with one checkout's modules and answers each line with a line.

    All such processes share one core, so that they take turns under the same conditions.
    """

    def __init__(self, folder: Path, code: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=folder,
            env=os.environ | _variables(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(self._process.pid, {min(os.sched_getaffinity(0))})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, line: str) -> str:
        """The answer to a line. Raises ConfigurationError if the process has ended."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(line, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise ConfigurationError("A checkout cannot do this in this environment; its error is above.")
        return answer


def compare_cpu_times(paths: Sequence[Path], theirs: CheckoutProcess, ours: CheckoutProcess) -> dict[str, Any]:
    """The CPU times that two processes need for each file, in turn (A B A B …): medians, ratios and their quartiles.

    Each process answers a path with the seconds of CPU time that it took. The first file is run once more, uncounted.
    """
    times = [(_cpu_s(theirs, path), _cpu_s(ours, path)) for path in [paths[0], *paths]][1:]  # the first run is cold
    return {
        "files": len(times),
        "before_ms": round(statistics.median(before for before, _ in times) * 1000),
        "after_ms": round(statistics.median(after for _, after in times) * 1000),
        "sums_before_over_after": round(sum(before for before, _ in times) / sum(after for _, after in times), 2),
        **of_slices(before / after for before, after in times),
    }


def _variables(folder: Path) -> dict[str, str]:
    """Has a process import the modules of a checkout, and write nothing there."""
    return {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}


def _cpu_s(checkout: CheckoutProcess, path: Path) -> float:
    return float(checkout.ask(str(path)))

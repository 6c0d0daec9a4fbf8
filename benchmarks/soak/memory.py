"""Memory of each part over time."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from benchmarks.soak.kills import worker_children
from benchmarks.soak.load import every
from tests.acceptance.stack import Stack

_EVERY_S = 10.0
_SETTLING_S = 120.0
_SHORTEST_LIFE_S = 300.0
_ABOUT_AS_LONG = 0.8

Life = list[tuple[float, float]]


class Memory:
    """Samples of (seconds since the first, megabytes) by part and process.

    A part is its process and those that it started, each with its share of shared pages (PSS). Worker processes that
    run flows are a separate part.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._lives: dict[str, dict[int, Life]] = defaultdict(lambda: defaultdict(list))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Sample every ten seconds."""
        with every(_EVERY_S, self._look):
            yield

    def report(self) -> dict[str, Any]:
        """For each part's longest life: its length, megabytes at the beginning and end, and growth per hour.

        The first two minutes of a process do not count. Of several that lived about as long, it is the largest one.
        """
        return {part: _figures(_longest(list(lives.values()))) for part, lives in sorted(self._lives.items())}

    def _look(self) -> None:
        with contextlib.suppress(psutil.Error, KeyError):  # it is restarting
            children = set(worker_children(self._stack))
            for child in children:
                self._note("worker child", child, _pss_mb(child, set()))
            for part, pid in self._stack.pids().items():
                self._note(part, pid, _pss_mb(pid, children))

    def _note(self, part: str, pid: int, megabytes: float) -> None:
        self._lives[part][pid].append((time.monotonic(), megabytes))


def _pss_mb(pid: int, without: set[int]) -> float:
    process, total = psutil.Process(pid), 0
    for one in [process, *process.children(recursive=True)]:
        if one.pid not in without:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += one.memory_full_info().pss
    return total / 1e6


def _longest(lives: list[Life]) -> Life:
    least_s = _ABOUT_AS_LONG * max(map(_length_s, lives))
    long = [life for life in lives if _length_s(life) >= least_s]
    return max(long, key=lambda life: statistics.median(megabytes for _, megabytes in life))


def _length_s(life: Life) -> float:
    return life[-1][0] - life[0][0]


def _figures(life: Life) -> dict[str, Any]:
    length_s = _length_s(life)
    figures: dict[str, Any] = {"minutes": round(length_s / 60, 1)}
    if length_s < _SHORTEST_LIFE_S:
        return figures
    settled = [(at, megabytes) for at, megabytes in life if at - life[0][0] > _SETTLING_S]
    times, megabytes = zip(*settled, strict=True)
    edge = max(1, len(settled) // 5)
    return figures | {
        "mb_first_fifth": round(statistics.median(megabytes[:edge])),
        "mb_last_fifth": round(statistics.median(megabytes[-edge:])),
        "mb_most": round(max(megabytes)),
        "growth_mb_an_hour": round(statistics.linear_regression(times, megabytes).slope * 3600),
    }

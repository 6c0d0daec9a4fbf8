"""What the whole stack takes while nothing runs, and how long it takes to start, against another checkout.

BEFORE_CHECKOUT names the other checkout, from `a01ffa1` on; both run with this environment's packages, one stack at a
time, in turns (A B A B …). Each round starts a stack in an empty folder, has it treat one photograph of 100 MP, lets it
rest, counts CPU time and memory of all its processes, stops it, and starts it again. IDLE_ROUNDS says how often (3).
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.checkouts import checkouts, program_of
from benchmarks.cpu_time import tree_cpu_s, tree_of
from benchmarks.photos import photo_of
from tests.acceptance.stack import Program, Stack, finished, submit

_ROUNDS = int(os.environ.get("IDLE_ROUNDS", "3"))
_LARGE = (12_500, 8_000)
_REST_S, _IDLE_S = 60.0, 60.0


def run() -> dict[str, Any]:
    """Both checkouts' figures, medians of the rounds, and the ratios of the medians."""
    folders = checkouts("stacks at rest")
    photo = photo_of(_LARGE)
    rounds = [{name: _round(program_of(folder), photo) for name, folder in folders.items()} for _ in range(_ROUNDS)]
    report: dict[str, Any] = {"rounds": _ROUNDS, "load": [round(each, 1) for each in os.getloadavg()]}
    for figure in rounds[0]["after"]:
        before, after = (statistics.median(each[name][figure] for each in rounds) for name in ("before", "after"))
        report[figure] = {
            "before": round(before, 2),
            "after": round(after, 2),
            "after_over_before": round(after / before, 2),
        }
    return report


def _round(program: Program, photo: bytes) -> dict[str, float]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        stack = Stack(Path(home), program=program)
        first_start_s = _start_s(stack)
        try:
            with stack.client() as client:
                finished(client, submit(client, [("large.jpg", photo)]))
            time.sleep(_REST_S)
            assert stack.process is not None
            pid = stack.process.pid
            before_s = tree_cpu_s(pid)
            time.sleep(_IDLE_S)
            idle_percent = 100 * (tree_cpu_s(pid) - before_s) / _IDLE_S
            memory_mb = sum(each.memory_full_info().uss for each in tree_of(pid)) / 1e6
            stack.stop()
            start_again_s = _start_s(stack)
        finally:
            stack.stop()
    return {
        "first_start_s": first_start_s,
        "start_again_s": start_again_s,
        "idle_percent_of_a_core": idle_percent,
        "idle_memory_mb": memory_mb,
    }


def _start_s(stack: Stack) -> float:
    started = time.monotonic()
    stack.start()
    return time.monotonic() - started

"""The CPU time of Prefect for one flow run of a single picture, of this checkout against another one.

BEFORE_CHECKOUT names the other checkout, from `a01ffa1` on; both run with this environment's packages. Each checkout
runs a stack of its own, and they take turns (A B A B …) with FLOW_RUNS (16) small pictures, one after another, each a
job of its own. Counted is the CPU time of Prefect's server, with and without what it needs when nothing runs. That of
PostgreSQL, which also serves Blurline, is reported beside it.
"""

from __future__ import annotations

import os
import statistics
import time
from contextlib import ExitStack
from typing import Any

import httpx

from benchmarks.checkouts import checkouts, program_of
from benchmarks.cpu_time import tree_cpu_s
from benchmarks.ratios import of_slices
from benchmarks.stack import running_stack
from tests.acceptance.stack import Stack, finished, submit
from tests.pictures import HOPPER

_ROUNDS = int(os.environ.get("FLOW_RUN_ROUNDS", "6"))
_PICTURES = int(os.environ.get("FLOW_RUNS", "16"))
_IDLE_S, _SETTLING_S = 10.0, 4.0


def run() -> dict[str, Any]:
    """CPU seconds for each flow run, of both checkouts, and their ratio (before over after) with its quartiles."""
    folders = checkouts("flow runs")
    with ExitStack() as running:
        stacks = {name: running.enter_context(running_stack(program_of(folder))) for name, folder in folders.items()}
        clients = {name: running.enter_context(stack.client()) for name, stack in stacks.items()}
        rounds = [{name: _round(stacks[name], clients[name]) for name in stacks} for _ in range(_ROUNDS + 1)][1:]
    report: dict[str, Any] = {"flow_runs": _ROUNDS * _PICTURES}
    for figure in rounds[0]["after"]:
        pairs = [(each["before"][figure], each["after"][figure]) for each in rounds]
        before_s, after_s = (round(statistics.median(each), 4) for each in zip(*pairs, strict=True))
        ratios = of_slices(before / after for before, after in pairs)
        report[figure] = {"before_s": before_s, "after_s": after_s, **ratios}
    return report


def _round(stack: Stack, client: httpx.Client) -> dict[str, float]:
    """CPU seconds of an idle second, and of each of some pictures, with the events that follow their ends."""
    idle = _cpu_s(stack)
    time.sleep(_IDLE_S)
    idle_s = [(after - before) / _IDLE_S for before, after in zip(idle, _cpu_s(stack), strict=True)]
    started, begun = _cpu_s(stack), time.monotonic()
    for _ in range(_PICTURES):
        finished(client, submit(client, [("one.jpg", HOPPER.read_bytes())]))
    time.sleep(_SETTLING_S)
    passed_s = time.monotonic() - begun
    used_s = [(after - before) / _PICTURES for before, after in zip(started, _cpu_s(stack), strict=True)]
    server_s, postgres_s = (used - passed_s * idle / _PICTURES for used, idle in zip(used_s, idle_s, strict=True))
    return {
        "prefect_cpu_s": used_s[0],
        "prefect_cpu_s_without_idle": server_s,
        "postgresql_cpu_s_without_idle": postgres_s,
        "idle_prefect_cpu_s": idle_s[0],
    }


def _cpu_s(stack: Stack) -> tuple[float, float]:
    """CPU seconds of Prefect's server and of PostgreSQL so far, with their processes that have ended."""
    pids = stack.pids()
    return tree_cpu_s(pids["prefect"]), tree_cpu_s(pids["postgres"])

"""(h) The whole stack under steady submissions, reviews and random kills: losses, latency and memory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.soak.kills import killing
from benchmarks.soak.load import Ledger, reviewing, submitting, until
from benchmarks.soak.memory import Memory
from benchmarks.soak.prefect_tables import PrefectTables
from benchmarks.soak.verdict import await_quiet, faults, judge, latencies
from tests.acceptance.stack import Stack

_MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
_WARM_UP_S = 60
_VACUUM = {
    "PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "3601",  # Prefect's minimum
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "PT5M",
}


def run() -> dict[str, Any]:
    """`SOAK_MINUTES` (30) of it."""
    with tempfile.TemporaryDirectory() as home:
        stack = Stack(Path(home), program=None, is_ordinary_user=False, has_own_ports=True, workers=2, **_VACUUM)
        stack.start()
        try:
            return _soak(stack)
        finally:
            stack.stop()


def _soak(stack: Stack) -> dict[str, Any]:
    ledger, memory, tables = Ledger(), Memory(stack), PrefectTables(stack)
    with submitting(stack, ledger), reviewing(stack, ledger), memory.watching():
        until(_WARM_UP_S)
        with tables.watching(), killing(stack) as kills:
            until(_MINUTES * 60)
    await_quiet(stack)
    verdict = judge(stack, ledger)
    return {
        "minutes": _MINUTES,
        "kills": kills,
        "verdict": verdict,
        "over_limits": faults(verdict),
        "latency": latencies(stack, ledger),
        "memory": memory.report(),
        "prefect_rows": tables.report(),
    }

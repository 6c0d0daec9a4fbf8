"""`blurline bench [NAME…]`: runs benchmarks and reports them."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import (
    api,
    backlog,
    before,
    buckets,
    consistency,
    core,
    database,
    deface,
    doubt,
    express,
    flow_runs,
    formats,
    idle,
    imports,
    load,
    look,
    memory,
    picture,
    reid,
    review,
    second_look,
    shapes,
    soak,
    sphere,
    stack,
    submission,
    throughput,
    tiles,
    turned,
    where,
)
from benchmarks.million import run as million
from models.int8 import CPU

_PARTS = {
    "core": core.run,
    "memory": memory.run,
    "stack": stack.run,
    "deface": deface.run,
    "submission": submission.run,
    "api": api.run,
    "load": load.run,
    "database": database.run,
    "picture": picture.run,
    "consistency": consistency.run,
    "sphere": sphere.run,
    "tiles": tiles.run,
    "where": where.run,
    "review": review.run,
    "express": express.run,
}


def run(names: list[str], keep: Path | None = None, provider: str = CPU) -> dict[str, Any]:
    """Run the named benchmarks, or all except `backlog`, `soak` and `buckets` (long), `before`, `flow_runs`, `formats`,
    `idle`, `imports`, `look` and `throughput` (which need another checkout), `doubt`, `second_look`, `shapes` and
    `turned` (which need labelled pictures), `reid` (prepared by `make reid`) and `million` (whose database the folder
    ``keep`` can keep).

    ``provider``: the execution provider of `core`.
    """
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    parts: dict[str, Callable[[], dict[str, Any]]] = _PARTS | {
        "core": partial(core.run, provider),
        "backlog": backlog.run,
        "before": before.run,
        "buckets": buckets.run,
        "doubt": doubt.run,
        "flow_runs": flow_runs.run,
        "formats": formats.run,
        "idle": idle.run,
        "imports": imports.run,
        "look": look.run,
        "reid": reid.run,
        "second_look": second_look.run,
        "shapes": shapes.run,
        "soak": soak.run,
        "throughput": throughput.run,
        "turned": turned.run,
        "million": partial(million.run, keep),
    }
    return {"machine": machine} | {name: parts[name]() for name in names or _PARTS}

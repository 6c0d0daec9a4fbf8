"""`blurline bench [NAME…]`: run the measurements and print one JSON object."""

from __future__ import annotations

import json
import os
import platform

from tests.benchmarks import core, database, deface, stack, submission

_PARTS = {
    "core": core.run,
    "stack": stack.run,
    "deface": deface.run,
    "submission": submission.run,
    "database": database.run,
}


def run(names: list[str]) -> str:
    """The report of the named parts, or of all."""
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    return json.dumps({"machine": machine} | {name: _PARTS[name]() for name in names or _PARTS}, indent=1)

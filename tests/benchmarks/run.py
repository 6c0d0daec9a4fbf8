"""`blurline bench [NAME…]`: run the measurements and print one JSON object."""

from __future__ import annotations

import json
import os
import platform

from tests.benchmarks import api, core, database, deface, million, picture, reid, stack, submission

_PARTS = {
    "core": core.run,
    "stack": stack.run,
    "deface": deface.run,
    "submission": submission.run,
    "api": api.run,
    "database": database.run,
    "picture": picture.run,
}
_ON_REQUEST = {"reid": reid.run, "million": million.run}  # `make reid` installs what it needs; ten minutes of filling


def run(names: list[str]) -> str:
    """The report of the named parts, or of all."""
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    parts = _PARTS | _ON_REQUEST
    return json.dumps({"machine": machine} | {name: parts[name]() for name in names or _PARTS}, indent=1)

"""Import times of this checkout against another one, which BEFORE_CHECKOUT names, in the same Python environment.

Each round starts a new process for each checkout, in turn (A B A B …), so that noise of the machine meets both. Both
use this environment's packages, and neither writes bytecode into its checkout. On a busy machine, CPU time is steadier
than wall time.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.checkouts import checkouts
from blurline.errors import ConfigurationError

_ROUNDS = int(os.environ.get("IMPORT_ROUNDS", "20"))
_COMMANDS = {
    "python alone": ["-c", "pass"],
    "import blurline.settings": ["-c", "import blurline.settings"],
    "import blurline.client": ["-c", "import blurline.client"],
    "blurline --help": ["-m", "blurline", "--help"],
}


def run() -> dict[str, Any]:
    """Milliseconds of each command, wall and CPU: median and quartiles of both checkouts, and before over after."""
    folders = checkouts("import times")
    with tempfile.TemporaryDirectory() as cache:
        for checkout in folders.values():
            _check_origin(checkout, cache)
        return {"rounds": _ROUNDS, **{name: _compare(command, folders, cache) for name, command in _COMMANDS.items()}}


def _compare(command: list[str], folders: dict[str, Path], cache: str) -> dict[str, Any]:
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in folders}
    for number in range(_ROUNDS + 1):
        for name, checkout in folders.items():
            measured = _measured_ms(command, checkout, cache)
            if number:  # the first round writes bytecode
                times[name].append(measured)
    report: dict[str, Any] = {}
    for at, clock in enumerate(("wall", "cpu")):
        found = {name: [pair[at] for pair in pairs] for name, pairs in times.items()}
        medians = {name: statistics.median(values) for name, values in found.items()}
        report[clock] = {
            **{f"{name}_ms": _spread(values) for name, values in found.items()},
            "before_over_after": round(medians["before"] / medians["after"], 2),
        }
    return report


def _measured_ms(command: list[str], checkout: Path, cache: str) -> tuple[float, float]:
    """Wall and CPU milliseconds of one process."""
    used = _cpu_s()
    started = time.perf_counter()
    _python(command, checkout, cache)
    return (time.perf_counter() - started) * 1000, (_cpu_s() - used) * 1000


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _spread(values: list[float]) -> dict[str, float]:
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"median": round(median, 1), "quartile_1": round(low, 1), "quartile_3": round(high, 1)}


def _check_origin(checkout: Path, cache: str) -> None:
    """Raise ConfigurationError unless the checkout's own code is what a process there imports."""
    found = _python(["-c", "import blurline; print(blurline.__file__)"], checkout, cache).strip()
    if not Path(found).resolve().is_relative_to(checkout):
        raise ConfigurationError(f"Python imports {found} instead of the checkout {checkout}.")


def _python(command: list[str], checkout: Path, cache: str) -> str:
    paths = {"PYTHONPATH": str(checkout), "PYTHONPYCACHEPREFIX": cache}
    environment = os.environ | paths | {"PYTHONDONTWRITEBYTECODE": ""}  # set, every process would compile everything
    done = subprocess.run(
        [sys.executable, *command], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ConfigurationError(f"{' '.join(command)} failed in {checkout}: {done.stderr[-500:]}")
    return done.stdout

"""Memory of a process that anonymizes photographs as a worker process does, while it works and at rest.

Also the cost of returning memory: CPU time of a photograph after a rest over that of the next one, in turn."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.photos import TWELVE_MP, TWO_MP, photo_of
from blurline import open_photo
from blurline.picture.malloc_tuning import tune_malloc
from blurline.settings import Settings
from models import anonymize, load_detectors, release_memory

_SIZES = {"2mp": TWO_MP, "12mp": TWELVE_MP, "200mp": (20000, 10000)}
_ROUNDS = 8


def run() -> dict[str, Any]:
    """Megabytes for each size of photograph, each in a process of its own, and the cost of a rest."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{name}.jpg" for name in _SIZES}
        for name, size in _SIZES.items():
            paths[name].write_bytes(photo_of(size))
        report = {name: _measured("one_photo", path) for name, path in paths.items()}
        return report | {"rest": _measured("rests", paths["2mp"])}


def measure(function: str, path: str) -> None:
    """Print one part of the report, in a process of its own that has loaded what a worker process loads."""
    tune_malloc()
    load_detectors(Settings())
    measures = {"one_photo": _of_one_photo, "rests": _of_rests}
    print(json.dumps(measures[function](Path(path).read_bytes())))


def _of_one_photo(data: bytes) -> dict[str, Any]:
    report = {"loaded_mb": _rss_mb()}
    anonymize(open_photo(data))
    report["after_mb"] = _rss_mb()
    release_memory(Settings())
    return report | {"at_rest_mb": _rss_mb()}


def _of_rests(data: bytes) -> dict[str, Any]:
    ratios, rests_ms = [], []
    for _ in range(_ROUNDS):
        rests_ms.append(_cpu_s(lambda: release_memory(Settings())) * 1000)
        rested, warm = (_cpu_s(lambda: anonymize(open_photo(data))) for _ in range(2))
        ratios.append(rested / warm)
    return {
        "release_ms": round(statistics.median(rests_ms)),
        "photo_after_it_over_next": round(statistics.median(ratios), 2),
        "quartiles": [round(each, 2) for each in statistics.quantiles(ratios)[::2]],
        "load": round(os.getloadavg()[0], 1),
    }


def _measured(function: str, path: Path) -> Any:
    code = "import sys; from benchmarks.memory import measure; measure(*sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, function, str(path)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def _cpu_s(part: Callable[[], object]) -> float:
    started = time.process_time()
    part()
    return time.process_time() - started


def _rss_mb() -> int:
    return round(psutil.Process().memory_info().rss / 1e6)

"""`blurline bench million`: fill a database, unless a folder keeps one, and measure queries and pages over it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.million import pages, queries
from benchmarks.million.pages import Visits
from benchmarks.million.queries import Times
from benchmarks.million.rows import BOXES_AN_IMAGE, IMAGES, LARGE_JOB_IMAGES, fill, store_renditions
from blurline.settings import Settings
from tests.servers import running_servers

_MOST_S = 2.0
_MOST_MS = 300
_FILLED = "million.filled"


def run(keep: Path | None = None) -> dict[str, Any]:
    """Measurements, the load of the machine, and figures that exceed their limits. ``keep`` is a folder that keeps the
    database for the next run."""
    with _folder(keep) as folder, running_servers(folder) as settings:
        filled_s = _filled(settings, folder)
        alone = settings.replace(prefect_api_url="http://127.0.0.1:9/api")
        load = [_load()]
        times = queries.measure(alone)
        load.append(_load())
        visits = pages.measure(alone, folder)
        load.append(_load())
    return {
        "images": IMAGES,
        "boxes": IMAGES * BOXES_AN_IMAGE,
        "fill_s": filled_s,
        "load": dict(zip(("before", "between", "after"), load, strict=True)),
        "pages": pages.report(visits),
        "queries_ms": times,
        "over_limits": _over_limits(times, visits),
    }


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _filled(settings: Settings, folder: Path) -> int | None:
    """Seconds of filling the database; None if it was already filled."""
    mark = folder / _FILLED
    if mark.exists():
        return None
    started = time.perf_counter()
    store_renditions(settings)
    fill(settings.database.conninfo, IMAGES, LARGE_JOB_IMAGES)
    mark.touch()
    return round(time.perf_counter() - started)


def _load() -> float:
    """The load of the last minute; above the number of cores, processes wait."""
    return round(os.getloadavg()[0], 1)


def _over_limits(times: Times, visits: dict[str, Visits]) -> list[str]:
    slow = [f"{path}: {time['slowest']} ms" for path, time in times.items() if time["slowest"] > _MOST_MS]
    for name, visit in visits.items():
        slow += [f"{name}: {each:.2f} s" for each in (*visit.fresh_s, *visit.again_s) if each > _MOST_S]
        if visit.slowest_ms > _MOST_MS:
            slow.append(f"{name}: {visit.slowest_route} took {visit.slowest_ms} ms")
    return slow

"""(f) The same service with 1,000, 100,000 and 1,000,000 images in its database: queries, and throughput of a backlog.

Each size has a stack of its own, and they take turns with the backlog.
"""

from __future__ import annotations

import statistics as figures
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from benchmarks.million.rows import fill
from benchmarks.photos import TWO_MP, photo_of
from benchmarks.ratios import of_slices
from benchmarks.stack import images_per_s, running_stack
from tests.acceptance.stack import finished, submit

_SIZES = (1_000, 100_000, 1_000_000)
_ROUNDS = 20
_SLICES = 7
_BACKLOG_IMAGES = 64


def run() -> dict[str, Any]:
    """Median milliseconds of each query over REST at each size, images a second, and their ratio to the smallest."""
    photo = photo_of(TWO_MP)
    with ExitStack() as running:
        stacks = {size: running.enter_context(running_stack()) for size in _SIZES}
        owners = {size: running.enter_context(stack.client()) for size, stack in stacks.items()}
        report: dict[str, Any] = {}
        for size, stack in stacks.items():
            fill(stack.variables()["BLURLINE_DATABASE_URL"], size)
            with stack.client(user="bench-1", scope="operate") as operator:
                report[str(size)] = _queries(operator)
            finished(owners[size], submit(owners[size], [("warm.jpg", photo)] * 8))
        slices = [
            {size: images_per_s(stacks[size], owners[size], photo, _BACKLOG_IMAGES) for size in _SIZES}
            for _ in range(_SLICES)
        ]
    smallest = min(_SIZES)
    for size in _SIZES:
        report[str(size)]["stack_images_per_s"] = round(figures.median(each[size] for each in slices), 2)
        if size != smallest:
            report[str(size)]["over_smallest"] = of_slices(each[size] / each[smallest] for each in slices)
    return report


def _queries(client: httpx.Client) -> dict[str, float]:
    job = client.get("/v1/jobs", params={"limit": 1}).raise_for_status().json()["jobs"][0]
    image = client.get(f"/v1/jobs/{job['id']}/images", params={"limit": 1}).json()["images"][0]
    since = (datetime.now(UTC) - timedelta(days=3650)).isoformat()
    asked = {
        "jobs_ms": lambda: client.get("/v1/jobs", params={"limit": 50}),
        "job_ms": lambda: client.get(f"/v1/jobs/{job['id']}"),
        "images_ms": lambda: client.get(f"/v1/jobs/{job['id']}/images"),
        "image_ms": lambda: client.get(f"/v1/images/{image['id']}"),
        "statistics_ms": lambda: client.get("/v1/statistics", params={"since": since}),
    }
    return {name: _median_ms(ask) for name, ask in asked.items()}


def _median_ms(ask: Callable[[], httpx.Response]) -> float:
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        ask().raise_for_status()
        times.append((time.perf_counter() - started) * 1000)
    return round(figures.median(times), 1)

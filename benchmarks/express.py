"""A correction and a single picture beside a backlog of 2 and of 200 megapixels: seconds until each is published."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.photos import TWO_MP, photo_of
from benchmarks.stack import running_stack
from blurline.client import Client
from tests.acceptance.stack import Stack, finished, is_corrected, submit
from tests.waiting import wait_for

_LARGE_PX = (20_000, 10_000)
_LARGE, _SMALL, _ROUNDS = 24, 600, 10
_BOX = {"x1": 100, "y1": 100, "x2": 160, "y2": 170}


def run() -> dict[str, Any]:
    """Seconds of corrections and of single pictures, with idle slots and while either backlog fills them."""
    small = photo_of(TWO_MP)
    with running_stack() as stack, stack.client() as client, stack.client("rita", "review") as reviewer:
        finished(client, submit(client, [("warm.jpg", small)] * 8))
        report: dict[str, Any] = {"idle": _measured(client, reviewer, small)}
        for name, photo, count in (("2_mp", small, _SMALL), ("200_mp", photo_of(_LARGE_PX), _LARGE)):
            backlog = _backlog(stack, photo, count)
            slots = os.cpu_count() or 1
            wait_for("every slot has a picture", lambda: _progress(client, backlog)["processing"] >= slots)  # noqa: B023
            report[f"beside_{name}"] = _measured(client, reviewer, small)
            report[f"left_of_{name}"] = _progress(client, backlog)["queued"]
            assert report[f"left_of_{name}"] > 0, "the slots were idle at the end"
            client.post(f"/v1/jobs/{backlog}/cancel").raise_for_status()
    report["load_average"] = round(os.getloadavg()[0], 1)
    return report


def _backlog(stack: Stack, photo: bytes, count: int) -> str:
    """Submit a photograph so many times; the id of the job."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{at}.jpg") for at in range(count)]
        for path in paths:
            path.write_bytes(photo)
        with Client(stack.variables()["BLURLINE_API_URL"], stack.command("token", "--user", "ann")) as client:
            return str(client.submit_files(paths).id)


def _measured(client: httpx.Client, reviewer: httpx.Client, photo: bytes) -> dict[str, Any]:
    singles, corrections = [], []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        (image,) = finished(client, submit(client, [("small.jpg", photo)])).values()
        singles.append(time.perf_counter() - started)
        started = time.perf_counter()
        url = f"/v1/images/{image['id']}"
        reviewer.post(f"{url}/correct", json={"destroy": [_BOX]}).raise_for_status()
        wait_for("the correction is published", lambda: is_corrected(client, url, image["result_sha256"]), every_s=0.02)  # noqa: B023
        corrections.append(time.perf_counter() - started)
    return {"single_s": _spread(singles), "correction_s": _spread(corrections)}


def _progress(client: httpx.Client, job: str) -> dict[str, int]:
    progress: dict[str, int] = client.get(f"/v1/jobs/{job}").raise_for_status().json()["progress"]
    return progress


def _spread(seconds: list[float]) -> dict[str, float]:
    return {"p50": round(statistics.median(seconds), 2), "worst": round(max(seconds), 2)}

"""Submissions per second of the API, and its latency meanwhile. Without workers."""

from __future__ import annotations

import statistics as figures
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import httpx
import psutil

from blurline.access.tokens import LocalIssuer, Scope
from blurline.settings import Settings
from tests.pictures import HOPPER
from tests.servers import running_apis, running_servers

_SUBMISSIONS = 400
_LARGE_UPLOADS = 100
_LARGE_BYTES = 20_000_000
_ROUNDS = 3
_PROBES_S = 0.02


def run() -> dict[str, Any]:
    """Submissions per second with 1 and 50 clients, and `/liveness` and memory during 100 uploads of 20 MB."""
    with tempfile.TemporaryDirectory() as folder, running_servers(Path(folder)) as servers:
        settings = servers.replace(prefect_api_url="http://127.0.0.1:9/api", requests_per_minute=0)
        with running_apis(settings, 1) as (replica,):
            report: dict[str, Any] = {}
            for clients in (1, 50):
                report[f"multipart_{clients}"] = _submissions(settings, replica.url, clients, _send_file)
                report[f"keys_{clients}"] = _submissions(settings, replica.url, clients, _send_key)
            memory = psutil.Process(replica.process.pid)
            before_mb = memory.memory_info().rss / 1e6
            with _probing(replica.url) as idle:
                time.sleep(3)
            rss_mb = []
            with _probing(replica.url) as probes, ProcessPoolExecutor(1, get_context("spawn")) as elsewhere:
                started = time.perf_counter()
                for _ in range(_ROUNDS):
                    elsewhere.submit(_upload_large, settings, replica.url).result()
                    rss_mb.append(round(memory.memory_info().rss / 1e6))
                took_s = time.perf_counter() - started
            report["large_uploads"] = {
                "uploads_at_once": _LARGE_UPLOADS,
                "megabytes_each": _LARGE_BYTES // 10**6,
                "megabytes_per_s": round(_ROUNDS * _LARGE_UPLOADS * _LARGE_BYTES / 1e6 / took_s),
                "liveness_idle_p99_ms": _p99_ms(idle),
                "liveness_p50_ms": round(figures.median(probes) * 1000, 1),
                "liveness_p99_ms": _p99_ms(probes),
                "rss_before_mb": round(before_mb),
                "rss_after_each_round_mb": rss_mb,
            }
    return report


def _submissions(
    settings: Settings, url: str, clients: int, send: Callable[[httpx.Client], httpx.Response]
) -> dict[str, float]:
    count = _SUBMISSIONS if clients > 1 else _SUBMISSIONS // 4
    waiting = threading.local()

    def ask(_: int) -> float:
        if not hasattr(waiting, "client"):
            waiting.client = _client(settings, url)
        return send(waiting.client).elapsed.total_seconds()

    with ThreadPoolExecutor(clients) as threads:
        list(threads.map(ask, range(clients)))  # connections are opened
        started = time.perf_counter()
        times = list(threads.map(ask, range(count)))
        took_s = time.perf_counter() - started
    return {
        "submissions_per_s": round(count / took_s, 1),
        "p50_ms": round(figures.median(times) * 1000, 1),
        "p99_ms": _p99_ms(times),
    }


def _send_file(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/jobs", files=[("files", ("a.jpg", HOPPER.read_bytes()))]).raise_for_status()


def _send_key(client: httpx.Client) -> httpx.Response:
    """Upload to the store; only the submission of the key is timed."""
    (form,) = client.post("/v1/uploads").raise_for_status().json()["uploads"]
    httpx.post(form["url"], data=form["fields"], files={"file": b"x"}).raise_for_status()
    return client.post("/v1/jobs", json={"images": [{"key": form["key"]}]}).raise_for_status()


def _upload_large(settings: Settings, url: str) -> None:
    data = bytes(_LARGE_BYTES)

    def send(_: int) -> None:
        with _client(settings, url) as client:
            client.post("/v1/jobs", files=[("files", ("large.jpg", data))]).raise_for_status()

    with ThreadPoolExecutor(_LARGE_UPLOADS) as threads:
        list(threads.map(send, range(_LARGE_UPLOADS)))


@contextmanager
def _probing(url: str) -> Iterator[list[float]]:
    """Times of repeated requests to `/liveness` during the block."""
    times: list[float] = []
    is_done = threading.Event()

    def probe() -> None:
        with httpx.Client(base_url=url) as client:
            client.get("/liveness")
            while not is_done.wait(_PROBES_S):
                times.append(client.get("/liveness").raise_for_status().elapsed.total_seconds())

    thread = threading.Thread(target=probe)
    thread.start()
    try:
        yield times
    finally:
        is_done.set()
        thread.join()


def _p99_ms(times: list[float]) -> float:
    return round(figures.quantiles(times, n=100)[98] * 1000, 1)


def _client(settings: Settings, url: str) -> httpx.Client:
    token = LocalIssuer(settings.home).issue("bench", [Scope.SUBMIT], 3600)
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120)

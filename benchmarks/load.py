"""What clients that stall do to the others: 1,000 half-open connections, and paused readers beside submitters."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg

from blurline.access.tokens import LocalIssuer, Scope
from blurline.policy import Policy
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.submissions import BatchSize, NewJob, Original
from tests.api_requests import images_of, publish_all, submit
from tests.factories import create_job
from tests.pictures import HOPPER
from tests.servers import ApiProcess, running_apis, running_servers

_HALF_OPEN = 1000
_POST = b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1234"
_HEADS = (b"", b"GET /v1/me HTTP/1.1\r\nHost: localhost\r\n", _POST)
_READERS, _SUBMITTERS = 100, 50
_SUBMISSIONS_S = 20
_EXPORTED_ROWS = 30_000
_RESULT_BYTES = 30_000_000
_WITHIN_S = 60
_IN_USE = "SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND application_name LIKE 'blurline api %'"


def run() -> dict[str, Any]:
    """Seconds until half-open connections are closed, memory meanwhile; latencies beside paused readers, and what
    connections the API still holds five seconds after the readers left."""
    with tempfile.TemporaryDirectory() as folder, running_servers(Path(folder)) as servers:
        settings = servers.replace(prefect_api_url="http://127.0.0.1:9/api", requests_per_minute=0)
        with running_apis(settings, 1) as (api,):
            report = {"load_average": [round(each, 1) for each in os.getloadavg()]}
            return report | {"half_open": _half_open(settings, api), "paused_readers": _paused(settings, api)}


def _half_open(settings: Settings, api: ApiProcess) -> dict[str, Any]:
    process, address = psutil.Process(api.process.pid), ("127.0.0.1", urlsplit(api.url).port or 0)
    _submit_for(settings, api, 1)  # memory that the first requests take
    before_mb = most_mb = process.memory_info().rss / 1e6
    heads = cycle(_HEADS)
    with ExitStack() as opened:
        connections = [opened.enter_context(socket.create_connection(address)) for _ in range(_HALF_OPEN)]
        for connection in connections:
            connection.sendall(next(heads))
        began_s, slowest_s, are_open = time.monotonic(), 0.0, set(connections)
        while are_open and time.monotonic() < began_s + 2 * _WITHIN_S:
            started_s = time.monotonic()
            httpx.get(f"{api.url}/liveness", timeout=30).raise_for_status()
            slowest_s = max(slowest_s, time.monotonic() - started_s)
            most_mb = max(most_mb, process.memory_info().rss / 1e6)
            are_open = {each for each in are_open if not _is_closed(each)}
            time.sleep(0.5)
        took_s = time.monotonic() - began_s
    return {
        "connections": _HALF_OPEN,
        "still_open": len(are_open),
        "all_closed_after_s": round(took_s, 1),
        "memory_before_mb": round(before_mb),
        "memory_most_mb": round(most_mb),
        "slowest_other_request_s": round(slowest_s, 2),
    }


def _is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        while part := connection.recv(1 << 16):
            assert part
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def _paused(settings: Settings, api: ApiProcess) -> dict[str, Any]:
    paths = _large_answers(settings, api)
    alone = _submit_for(settings, api, _SUBMISSIONS_S)
    before = _connections(settings, api)
    with ExitStack() as opened:
        for path in [next(paths) for _ in range(_READERS)]:
            reader = opened.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.settimeout(60)
            reader.connect(("127.0.0.1", urlsplit(api.url).port or 0))
            reader.sendall(
                f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {_bearer(settings)}\r\n\r\n".encode()
            )
            assert reader.recv(15).startswith(b"HTTP/1.1 200"), path
        during = _connections(settings, api)
        times = _submit_for(settings, api, _SUBMISSIONS_S)
    time.sleep(5)
    return {
        "readers": _READERS,
        "submitters": _SUBMITTERS,
        "submissions": len(times),
        "slowest_submission_s": round(max(times), 2),
        "slowest_submission_without_readers_s": round(max(alone), 2),
        "connections_before": before,
        "connections_with_readers": during,
        "connections_5_s_after": _connections(settings, api),
    }


def _large_answers(settings: Settings, api: ApiProcess) -> cycle[str]:
    """Paths of a result, an archive and an export, each larger than the buffers of a connection."""
    with closing(Database(settings.database.conninfo)) as database, closing(Store(settings)) as store:
        with _client(settings, api) as client:
            job = submit(client, "a.jpg")
            publish_all(database, settings, store, bytes(_RESULT_BYTES))
            (image,) = images_of(client, job).values()
        originals = [Original(f"{at}.jpg", f"absent/{at}", "etag", 8) for at in range(_EXPORTED_ROWS)]
        create_job(database, NewJob("bench", Policy(), originals, "backlog"), BatchSize(1000, 10**12))
    archive, table = f"/v1/jobs/{job['id']}/archive", "/v1/exports/images?format=csv"
    return cycle([image["result_url"], archive, table])


def _submit_for(settings: Settings, api: ApiProcess, seconds: float) -> list[float]:
    """The seconds of each submission by all submitters together, during this time."""
    until_s = time.monotonic() + seconds

    def ask(number: int) -> list[float]:
        times = []
        with _client(settings, api, f"submitter-{number}") as client:
            while time.monotonic() < until_s:
                sent = client.post("/v1/jobs", files=[("files", ("a.jpg", HOPPER.read_bytes()))])
                times.append(sent.raise_for_status().elapsed.total_seconds())
                time.sleep(1)  # people do not submit in a loop
        return times

    with ThreadPoolExecutor(_SUBMITTERS) as threads:
        return [each for times in threads.map(ask, range(_SUBMITTERS)) for each in times]


def _connections(settings: Settings, api: ApiProcess) -> dict[str, int]:
    """The API's sessions in use at the database (its pool keeps idle ones), and its open connections to the store."""
    with psycopg.connect(settings.database.conninfo) as connection:
        row = connection.execute(_IN_USE).fetchone()
    open_ = [each.raddr.port for each in psutil.Process(api.process.pid).net_connections("tcp") if each.raddr]
    return {"database": int(row[0]) if row else 0, "store": open_.count(urlsplit(settings.store.endpoint).port or 0)}


def _bearer(settings: Settings, owner: str = "bench") -> str:
    return f"Bearer {LocalIssuer(settings.home).issue(owner, [Scope.SUBMIT], 3600)}"


def _client(settings: Settings, api: ApiProcess, owner: str = "bench") -> httpx.Client:
    return httpx.Client(base_url=api.url, headers={"Authorization": _bearer(settings, owner)}, timeout=120)

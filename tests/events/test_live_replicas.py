"""Two API processes, two hundred clients, and a PostgreSQL that is killed in the middle."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest
from websockets.asyncio.client import connect

from blurline.settings import Settings
from deployments.embedded.home import Home
from deployments.embedded.postgres import create_databases, postgres_part, postgres_url
from deployments.embedded.supervisor import Part, Supervisor, names_of
from sql.engine.database import Database
from sql.engine.migrate import migrate
from sql.jobs.attempts import Attempt
from tests.events.live_socket import job_underway, settle, token
from tests.waiting import wait_for

REPLICAS = "one", "two"
OWNERS = [f"owner-{at}" for at in range(40)]
CLIENTS_OF_OWNER_AT_REPLICA = 3, 2
JOBS_OF_OWNER = 2
IMAGES = 6
PATIENCE_S = 10  # less than the interval after which clients get events without a NOTIFY


@dataclass(frozen=True, slots=True)
class Replicas:
    """The API at several URLs, over one database."""

    urls: list[str]
    settings: Settings
    home: Home
    supervisor: Supervisor

    def kill_postgres(self) -> None:
        """Kill the database without warning."""
        processes = json.loads((self.home.path / "processes.json").read_text())
        postmaster = psutil.Process(processes["postgres"]["pid"])
        for process in (postmaster, *postmaster.children(recursive=True)):
            process.kill()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Restart parts that die during the block."""
        is_done = threading.Event()

        def watch() -> None:
            while not is_done.wait(0.1):
                self.supervisor.watch()

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            is_done.set()
            thread.join()


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[Replicas]:
    """Two API processes with a separate PostgreSQL."""
    home = Home(tmp_path)
    ports = home.ports(dict.fromkeys(("postgres", *REPLICAS), 0))
    password = home.secrets()["database_password"]
    url = postgres_url(password, ports["postgres"], "blurline")
    environment = {
        **os.environ,
        "BLURLINE_HOME": str(home.path),
        "BLURLINE_DATABASE_URL": url,
        "BLURLINE_S3_ENDPOINT": "http://127.0.0.1:9",
        "BLURLINE_S3_ACCESS_KEY": "none",
        "BLURLINE_S3_SECRET_KEY": "none",
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
    }

    def set_up() -> None:
        create_databases(password, ports["postgres"])
        migrate(url)

    postgres = replace(postgres_part(home, password, ports["postgres"], environment), once_ready=set_up)
    apis = [replace(_api(name, ports[name], environment), needs=names_of([postgres])) for name in REPLICAS]
    supervisor = Supervisor(home, [postgres, *apis])
    supervisor.start()
    settings = Settings.of(environment | {"BLURLINE_HOME": home.path})
    yield Replicas([f"http://127.0.0.1:{ports[name]}" for name in REPLICAS], settings, home, supervisor)
    supervisor.stop()
    home.release()


def _api(name: str, port: int, environment: dict[str, str]) -> Part:
    arguments = ["-m", "uvicorn", "--factory", "api.app:create_app", "--port", str(port), "--log-level", "error"]
    return Part(name, [sys.executable, *arguments], lambda: _is_alive(port), environment)


def _is_alive(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/liveness").is_success
    except httpx.HTTPError:
        return False


def test_every_client_receives_its_own_events_once_and_in_order_across_an_outage(replicas: Replicas) -> None:
    database = Database(replicas.settings.database.conninfo)
    jobs = [{owner: job_underway(database, IMAGES, owner)[1] for owner in OWNERS} for _ in range(JOBS_OF_OWNER)]
    with replicas.watched():
        heard = asyncio.run(_listen_to_all(replicas, lambda: _settle_across_an_outage(replicas, database, jobs)))
    assert len(heard) == len(OWNERS) * sum(CLIENTS_OF_OWNER_AT_REPLICA)
    for owner, events in heard:
        assert [event["sequence"] for event in events] == list(range(1, JOBS_OF_OWNER * (IMAGES + 1) + 1))
        own = {str(attempt.image_id) for job in jobs for attempt in job[owner]}
        assert {event["image_id"] for event in events} == {*own, None}
    database.close()


async def _listen_to_all(replicas: Replicas, settle_all: Callable[[], None]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The owner of each client, and the events that it received while ``settle_all`` ran."""
    owners, listening = [], []
    are_ready = asyncio.Semaphore(0)
    for url, count in zip(replicas.urls, CLIENTS_OF_OWNER_AT_REPLICA, strict=True):
        for owner in OWNERS * count:
            owners.append(owner)
            listening.append(asyncio.create_task(_listen(url, token(replicas.settings, owner, 600), are_ready)))
    for _ in listening:
        await asyncio.wait_for(are_ready.acquire(), PATIENCE_S)
    await asyncio.to_thread(settle_all)
    return list(zip(owners, await asyncio.wait_for(asyncio.gather(*listening), PATIENCE_S), strict=True))


async def _listen(url: str, token: str, are_ready: asyncio.Semaphore) -> list[dict[str, Any]]:
    """The events until every job of the owner has finished."""
    events: list[dict[str, Any]] = []
    async with connect(url.replace("http", "ws", 1) + "/ws", proxy=None) as client:
        await client.send(token)
        while sum(event["type"] == "job.finished" for event in events) < JOBS_OF_OWNER:
            message = json.loads(await client.recv())
            if message["type"] == "ready":
                are_ready.release()
            elif message["type"] != "job.progress":
                events.append(message)
    return events


def _settle_across_an_outage(replicas: Replicas, database: Database, jobs: list[dict[str, list[Attempt]]]) -> None:
    attempts = [attempt for job in jobs for of_owner in zip(*job.values(), strict=True) for attempt in of_owner]
    for at, attempt in enumerate(attempts):
        if at == len(attempts) // 3:
            replicas.kill_postgres()
            wait_for("PostgreSQL is back", partial(_answers, replicas.settings.database.conninfo))
        settle(database, attempt)


def _answers(database_url: str) -> bool:
    try:
        psycopg.connect(database_url).close()
    except psycopg.OperationalError:
        return False
    return True

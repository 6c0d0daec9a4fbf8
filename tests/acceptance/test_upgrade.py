"""From the first release to this one without downtime: its API and worker continue while the database is migrated."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest

from blurline.version import VERSION
from sql.engine.migrate import MIGRATIONS
from tests.acceptance.stack import BLURLINE, Stack, fetch, finished, submit
from tests.pictures import SAMPLES
from tests.upgrades.release import VERSION as OLD_VERSION
from tests.upgrades.release import unpack
from tests.waiting import TIMEOUT_S, wait_for

pytestmark = pytest.mark.long

PICTURE = (SAMPLES / "astronaut_small.webp").read_bytes()
_MOST_SUBMITTED, _MOST_SHARED = 15, 30


@dataclass
class Load:
    """A client that keeps submitting and listing, and the answers of the API."""

    client: httpx.Client
    jobs: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        thread = threading.Thread(target=self._go_on)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _go_on(self) -> None:
        while not self._ended.wait(0.2):
            try:
                if len(self.jobs) < _MOST_SUBMITTED:
                    self.jobs.append(submit(self.client, [("load.webp", PICTURE)], profile="fast"))
                self.client.get("/v1/jobs", params={"limit": 5}).raise_for_status()
            except httpx.HTTPError as error:
                self.refused.append(repr(error))


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running first release."""
    program = unpack(tmp_path_factory.mktemp("code"))
    stack = Stack(tmp_path_factory.mktemp("old"), program=program, workers=1, BLURLINE_ATTEMPT_BACKOFF_S="1")
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def new(old: Stack) -> Stack:
    """This release's commands, on the data of the old one."""
    return Stack(old.home)


@contextmanager
def running(stack: Stack, *command: str) -> Iterator[None]:
    """A process of this release beside the old ones."""
    log = (stack.home / "logs" / f"new-{command[0]}.log").open("ab")
    process = subprocess.Popen([BLURLINE, *command], env=stack.environment(), stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(TIMEOUT_S)
        log.close()


def _rows(stack: Stack, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.variables()["BLURLINE_DATABASE_URL"]) as connection:
        return connection.execute(query.encode(), parameters).fetchall()


def _makers(stack: Stack) -> set[str | None]:
    """The releases that have published results; None is the first."""
    return {version for (version,) in _rows(stack, "SELECT blurline_version FROM attempts WHERE outcome = 'published'")}


def test_an_upgrade_stops_loses_and_duplicates_nothing(old: Stack, new: Stack) -> None:
    assert old.command("migrate") == "The database is up to date."
    with old.client() as ann:
        load = Load(ann)
        finished(ann, submit(ann, [("before.webp", PICTURE)], profile="fast"))
        with load.going_on():
            applied = new.command("migrate").splitlines()
            new.command("deploy")
        assert set(applied) == {path.stem for path in MIGRATIONS.glob("*.sql")} - _released(old)
        assert load.refused == [] and load.jobs
        after_deploying = submit(ann, [("old-worker.webp", PICTURE)], profile="fast")
        finished(ann, after_deploying)
        assert _makers(old) == {None}
        assert _deployed_version(old, after_deploying) == VERSION  # and an old worker has still run it

        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        with running(new, "api", "--port", str(port)), running(new, "worker", "--limit", "1"):
            wait_for("the new API is up", lambda: _is_alive(url))
            wait_for("the new worker is ready", lambda: "worker_ready" in _log(old, "new-worker"))
            with httpx.Client(base_url=url, headers=ann.headers, timeout=TIMEOUT_S) as ann_at_new:
                for _ in range(_MOST_SHARED):
                    for client in (ann, ann_at_new):
                        load.jobs.append(submit(client, [("shared.webp", PICTURE)], profile="fast"))
                    finished(ann_at_new, load.jobs[-1])
                    if _makers(old) == {None, VERSION}:
                        break
                assert _makers(old) == {None, VERSION}, "one of the two workers does nothing"
                _everything_is_published_once(old, ann_at_new, load.jobs)
                _versions_are_told(old, url)

        # The way back: the new processes have stopped, the schema stays.
        assert old.command("migrate") == "The database is up to date."
        finished(ann, submit(ann, [("after.webp", PICTURE)], profile="fast"))
        images = finished(ann, load.jobs[-1])
        assert fetch(ann, images["shared.webp"])


def _released(old: Stack) -> set[str]:
    """The migrations of the first release."""
    assert old.program.folder is not None
    return {path.stem for path in (old.program.folder / "sql" / "migrations").glob("*.sql")}


def _is_alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/liveness").is_success
    except httpx.HTTPError:
        return False


def _deployed_version(stack: Stack, job_id: str) -> str | None:
    """The release that deployed the flow run of a job."""
    wanted = {"flow_runs": {"tags": {"all_": [f"job:{job_id}"]}}}
    with stack.prefect() as prefect:
        (run,) = prefect.post("/flow_runs/filter", json=wanted).raise_for_status().json()
    version: str | None = run["deployment_version"]
    return version


def _everything_is_published_once(stack: Stack, client: httpx.Client, jobs: list[str]) -> None:
    images = [image for job in jobs for image in finished(client, job).values()]
    assert {image["state"] for image in images} == {"published"}
    assert all(fetch(client, image) for image in images)
    events = _rows(stack, "SELECT image_id::text FROM events WHERE type = 'image.published'")
    told = Counter(image_id for (image_id,) in events)
    assert {told[image["id"]] for image in images} == {1}
    assert _rows(stack, "SELECT count(*) FROM attempts WHERE outcome IS NULL OR outcome <> 'published'") == [(0,)]


def _versions_are_told(stack: Stack, url: str) -> None:
    assert httpx.get(f"{url}/healthcheck", timeout=TIMEOUT_S).json()["version"] == VERSION
    with stack.client("olga", "operate") as at_old:
        system = httpx.get(f"{url}/v1/system", headers=at_old.headers, timeout=TIMEOUT_S).raise_for_status().json()
        assert at_old.get("/v1/system").json()["version"] == OLD_VERSION
    assert {worker["version"] for worker in system["workers"]} == {None, VERSION}
    assert {each["version"] for each in system["api_processes"]} == {VERSION}
    assert all(f'"version": "{VERSION}"' in _log(stack, name) for name in ("new-api", "new-worker"))


def _log(stack: Stack, name: str) -> str:
    return (stack.home / "logs" / f"{name}.log").read_text()

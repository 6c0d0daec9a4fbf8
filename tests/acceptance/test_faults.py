"""kill -9 of every part at each of the seven tasks, and at random over a job of 200 images; Prefect away for long.

Seven worker processes wait each at another task, then one part is killed for all seven at once.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from blurline.orchestration.flow_runs import NO_HEARTBEAT
from tests.acceptance.outcomes import assert_each_published_once
from tests.acceptance.services import HEARTBEATS_WITHIN_S, shorten_patience
from tests.acceptance.stack import Stack, submit
from tests.pictures import HOPPER
from tests.waiting import wait_for

TASKS = ("download", "resize", "detect", "nms", "blur", "upload", "notify")
UNHURRIED_TASKS = ("download", "resize", "detect", "blur", "upload")
"""Tasks with a time limit that is longer than an outage."""

FAULTS = Path(__file__).with_name("faults")


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("switch")


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory, switch: Path) -> Iterator[Stack]:
    """A separate stack whose workers obey the fault switch."""
    stack = Stack(
        tmp_path_factory.mktemp("faulty"),
        workers=len(TASKS),
        PYTHONPATH=str(FAULTS),
        TEST_FAULTS=str(switch),
        BLURLINE_ATTEMPT_BACKOFF_S="1",
    )
    stack.start()
    yield stack
    stack.stop()
    wait_for("no process is left", lambda: not stack.processes())


def assert_each_ended_once(stack: Stack, client: httpx.Client, job_id: str, count: int) -> None:
    assert_each_published_once(stack.variables()["BLURLINE_DATABASE_URL"], client, job_id, count)


def _victims(stack: Stack, part: str) -> list[int]:
    if part == "worker processes":
        children = psutil.Process(stack.pids()["worker"]).children()
        found = [process.pid for process in children if _is_worker_process(process)]
        return random.sample(found, len(found))
    return [stack.pids()[part]]


def _is_worker_process(process: psutil.Process) -> bool:
    return "spawn_main" in " ".join(process.cmdline())


def _submit_until_held(client: httpx.Client, switch: Path, tasks: Sequence[str] = TASKS) -> list[str]:
    """Jobs of one image, each held at another of these tasks."""
    for mark in switch.iterdir():
        mark.unlink()
    (switch / "hold").touch()
    names = [f"{task}.jpg" for task in tasks]
    jobs = [submit(client, [(name, HOPPER.read_bytes())]) for name in names]
    wait_for("each is held at its task", lambda: all((switch / f"at-{name}").exists() for name in names))
    return jobs


@pytest.mark.parametrize("part", ["worker processes", "worker", "api", "prefect", "postgres", "store", "volumes"])
def test_every_image_ends_once_when_processes_are_killed_at_each_task(faulty: Stack, switch: Path, part: str) -> None:
    with faulty.client() as client:
        jobs = _submit_until_held(client, switch)
        for pid in _victims(faulty, part):
            os.kill(pid, signal.SIGKILL)
        (switch / "hold").unlink()
        for job_id in jobs:
            assert_each_ended_once(faulty, client, job_id, 1)


@pytest.mark.long
def test_random_kills_during_a_long_job_lose_and_duplicate_nothing(faulty: Stack) -> None:
    chance = random.Random(11)
    parts = ["worker processes", "worker", "api", "prefect", "postgres", "store", "volumes"]
    with faulty.client() as client:
        job_id = submit(client, [(f"{at}.jpg", HOPPER.read_bytes()) for at in range(200)])
        for _ in range(6):
            time.sleep(chance.uniform(1, 4))  # the kills are spread over the job; nothing is awaited here
            with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):  # it is being started again
                os.kill(_victims(faulty, chance.choice(parts))[0], signal.SIGKILL)
        assert_each_ended_once(faulty, client, job_id, 200)


@pytest.mark.long
def test_prefect_away_for_longer_than_its_heartbeat_timeout_costs_no_attempt(faulty: Stack, switch: Path) -> None:
    """The heartbeats of that time are lost, so it marks healthy runs as crashed. Their worker finishes them."""
    with faulty.client() as client, faulty.prefect() as prefect:
        shorten_patience(prefect)
        held = _submit_until_held(client, switch, UNHURRIED_TASKS)
        wait_for("Prefect waits for heartbeats", lambda: _least_heartbeats(prefect, held) > 1, every_s=1)
        pids = faulty.pids()
        os.kill(pids["worker"], signal.SIGSTOP)  # which sends heartbeats, not the processes in which it works
        os.kill(pids["prefect"], signal.SIGSTOP)
        try:
            meanwhile = submit(client, [("meanwhile.jpg", HOPPER.read_bytes())])
            time.sleep(HEARTBEATS_WITHIN_S + 15)  # this is the outage; nothing is awaited here
            os.kill(pids["prefect"], signal.SIGCONT)
            wait_for("Prefect marks each run as crashed", lambda: _are_marked_as_crashed(prefect, held), every_s=1)
        finally:
            os.kill(pids["worker"], signal.SIGCONT)
        reconciled = _count_reconciled(prefect)
        wait_for("`reconcile` sees them", lambda: _count_reconciled(prefect) >= reconciled + 2, every_s=1)
        (switch / "hold").unlink()
        for job_id in (*held, meanwhile):
            assert_each_ended_once(faulty, client, job_id, 1)
    with psycopg.connect(faulty.variables()["BLURLINE_DATABASE_URL"]) as connection:
        attempts = connection.execute(
            "SELECT outcome, count(*) FROM attempts JOIN images ON images.id = image_id"
            " WHERE job_id = ANY(%s::uuid[]) GROUP BY 1",
            ([*held, meanwhile],),
        ).fetchall()
    assert attempts == [("published", len(held) + 1)]


def _runs_of(prefect: httpx.Client, jobs: Sequence[str]) -> list[dict[str, Any]]:
    """The flow runs of jobs; empty while Prefect does not answer."""
    wanted = {"flow_runs": {"tags": {"any_": [f"job:{job_id}" for job_id in jobs]}}}
    try:
        runs: list[dict[str, Any]] = prefect.post("/flow_runs/filter", json=wanted).raise_for_status().json()
    except httpx.HTTPError:
        return []
    return runs


def _least_heartbeats(prefect: httpx.Client, jobs: Sequence[str]) -> int:
    """How many heartbeats Prefect has of the run of which it has the fewest."""
    names = [f"prefect.flow-run.{run['id']}" for run in _runs_of(prefect, jobs)]
    wanted = {"event": {"name": ["prefect.flow-run.heartbeat"]}, "resource": {"id": names}}
    found = prefect.post("/events/filter", json={"filter": wanted, "limit": 50}).raise_for_status().json()["events"]
    count = Counter(event["resource"]["prefect.resource.id"] for event in found)
    return min((count[name] for name in names), default=0)


def _are_marked_as_crashed(prefect: httpx.Client, jobs: Sequence[str]) -> bool:
    """Whether the automation has marked the flow runs of these jobs as crashed."""
    ends = [(run["state_type"], run["state"]["message"]) for run in _runs_of(prefect, jobs)]
    return ends == [("CRASHED", NO_HEARTBEAT)] * len(jobs)


def _count_reconciled(prefect: httpx.Client) -> int:
    """The number of completed runs of `reconcile`."""
    wanted = {
        "deployments": {"name": {"any_": ["reconcile"]}},
        "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
    }
    return int(prefect.post("/flow_runs/count", json=wanted).raise_for_status().json())

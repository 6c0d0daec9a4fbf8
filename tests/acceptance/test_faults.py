"""kill -9 of every part at each of the seven tasks, and at random over a job of 200 images.

Seven worker processes wait each at another task, then one part is killed for all seven at once.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.acceptance.outcomes import assert_each_published_once
from tests.acceptance.stack import Stack, submit
from tests.pictures import HOPPER
from tests.waiting import wait_for

TASKS = ("download", "resize", "detect", "nms", "blur", "upload", "notify")
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


@pytest.mark.parametrize("part", ["worker processes", "worker", "api", "prefect", "postgres", "store", "volumes"])
def test_every_image_ends_once_when_processes_are_killed_at_each_task(faulty: Stack, switch: Path, part: str) -> None:
    for mark in switch.iterdir():
        mark.unlink()
    (switch / "hold").touch()
    with faulty.client() as client:
        names = [f"{task}.jpg" for task in TASKS]
        jobs = [submit(client, [(name, HOPPER.read_bytes())]) for name in names]
        wait_for("each is held at its task", lambda: all((switch / f"at-{name}").exists() for name in names))
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

"""Parts killed during a job: it still ends once, with every image published and nothing lost."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from tests.acceptance.stack import Stack, fetch, finished, submit, wait_for
from tests.pictures import HOPPER, decoded

IMAGES = 12


def _files(count: int) -> list[tuple[str, bytes]]:
    return [(f"{at}.jpg", HOPPER.read_bytes()) for at in range(count)]


@pytest.mark.parametrize("part", ["postgres", "store", "prefect", "worker", "api", "dashboard"])
def test_a_part_killed_during_a_job_loses_nothing(stack: Stack, part: str) -> None:
    with stack.client() as client:
        job_id = submit(client, _files(IMAGES))
        wait_for(
            "work has begun",
            lambda: client.get(f"/v1/jobs/{job_id}").json()["state"] != "queued",
            60,
        )
        stack.kill(part)
        images = finished(client, job_id, timeout_s=200)
        assert {image["state"] for image in images.values()} == {"published"}
        assert len(images) == IMAGES
        result = decoded(fetch(client, images["0.jpg"]))
        assert result.shape == (600, 512, 3)


@pytest.mark.parametrize("part", ["postgres", "store", "prefect"])
def test_a_part_that_hangs_for_a_while_loses_nothing(stack: Stack, part: str) -> None:
    pid = stack.pids()[part]
    with stack.client() as client:
        job_id = submit(client, _files(4))
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(8, os.kill, (pid, signal.SIGCONT)).start()
        images = finished(client, job_id, timeout_s=200)
        assert {image["state"] for image in images.values()} == {"published"}

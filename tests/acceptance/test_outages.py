"""Parts that hang during a job: the job still ends with every image published. (Killed parts: test_faults.)"""

from __future__ import annotations

import os
import signal
import threading

import pytest

from tests.acceptance.stack import Stack, finished, submit
from tests.pictures import HOPPER


def _files(count: int) -> list[tuple[str, bytes]]:
    return [(f"{at}.jpg", HOPPER.read_bytes()) for at in range(count)]


@pytest.mark.parametrize("part", ["postgres", "store", "volumes", "prefect"])
def test_a_part_that_hangs_for_a_while_loses_nothing(stack: Stack, part: str) -> None:
    pid = stack.pids()[part]
    with stack.client() as client:
        job_id = submit(client, _files(4))
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(8, os.kill, (pid, signal.SIGCONT)).start()
        images = finished(client, job_id)
        assert {image["state"] for image in images.values()} == {"published"}

"""kill -9 of one part after another, at random times."""

from __future__ import annotations

import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import psutil

from tests.acceptance.stack import Stack

_PARTS = ("children", "worker", "api", "prefect", "postgres", "store", "dashboard")
_PAUSE_S = (60.0, 120.0)


@contextmanager
def killing(stack: Stack) -> Iterator[Counter[str]]:
    """Kill parts during the block, each equally often; yield how often each was killed."""
    chance, killed, is_over = random.Random(8), Counter[str](), Event()

    def run() -> None:
        left: list[str] = []
        while not is_over.wait(chance.uniform(*_PAUSE_S)):
            left = left or chance.sample(_PARTS, len(_PARTS))
            part = left.pop()
            with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess, KeyError):  # it is being started again
                os.kill(chance.choice(_victims(stack, part)), signal.SIGKILL)
                killed[part] += 1

    thread = Thread(target=run)
    thread.start()
    try:
        yield killed
    finally:
        is_over.set()
        thread.join()


def worker_children(stack: Stack) -> list[int]:
    """The worker processes that run flows."""
    return [
        child.pid
        for child in psutil.Process(stack.pids()["worker"]).children()
        if "spawn_main" in " ".join(child.cmdline())
    ]


def _victims(stack: Stack, part: str) -> list[int]:
    return worker_children(stack) if part == "children" else [stack.pids()[part]]

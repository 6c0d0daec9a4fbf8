"""When and where a run does its work: timers, and threads for transfers."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


class Timer:
    """Is due at once, and again each time ``every_s`` has passed."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._next_at = 0.0

    def is_due(self) -> bool:
        """Return whether the timer is due, and restart it if so."""
        now = time.monotonic()
        if now < self._next_at:
            return False
        self._next_at = now + self._every_s
        return True


class DaemonThreads:
    """A fixed number of threads that never delay the end of the process, so that Ctrl-C works at once.

    The threads of a `ThreadPoolExecutor` are waited for at exit.
    """

    def __init__(self, count: int) -> None:
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        for number in range(count):
            Thread(target=self._work, name=f"transfer-{number}", daemon=True).start()

    def start(self, task: Callable[[], T]) -> Future[T]:
        """Run a task in the next free thread."""
        future: Future[T] = Future()
        self._tasks.put((future, task))
        return future

    def _work(self) -> None:
        while True:
            future, task = self._tasks.get()
            try:
                future.set_result(task())
            except BaseException as error:
                future.set_exception(error)

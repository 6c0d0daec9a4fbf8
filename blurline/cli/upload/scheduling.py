"""Threads for transfers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


class Lanes:
    """A few daemon threads. Unlike an executor's threads, they never delay the exit of the process after Ctrl-C."""

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

"""The flow run to run next: buffers for the queues of pictures, with a guaranteed share for `backlog`.

A poll is a REST request, and one that returns hundreds of runs costs the server a tenth of a second. So a poll requests
a few runs, which are buffered. A queue is polled again when its buffer is empty: at once if the last poll returned all
it requested, else at the next tick. Buffered runs expire after a moment, because another worker may have run them.
"""

from __future__ import annotations

from collections import deque
from itertools import cycle
from typing import Generic, TypeVar

Run = TypeVar("Run")

EXPRESS, INTERACTIVE, BACKLOG = "express", "interactive", "backlog"
_ORDER = (EXPRESS, INTERACTIVE, BACKLOG)
_SHARES = (EXPRESS, INTERACTIVE, EXPRESS, BACKLOG)
"""The queue that each of four picks in a row prefers. If it has no runs, the first queue in order that has some."""


class Intake(Generic[Run]):
    """Buffers for the queues."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Run]] = {queue: deque() for queue in _ORDER}
        self._next_poll_s = dict.fromkeys(self._waiting, 0.0)
        self._fresh_until_s = dict.fromkeys(self._waiting, 0.0)
        self._preferred = cycle(_SHARES)

    def queues_to_poll(self, now_s: float) -> list[str]:
        """The queues to poll at this time of a monotonic clock."""
        for queue, runs in self._waiting.items():
            if runs and now_s > self._fresh_until_s[queue]:
                runs.clear()
                self._next_poll_s[queue] = 0.0
        return [queue for queue, runs in self._waiting.items() if not runs and now_s >= self._next_poll_s[queue]]

    def poll_now(self) -> None:
        """Have every queue with an empty buffer polled at once: a run was created."""
        self._next_poll_s = dict.fromkeys(self._waiting, 0.0)

    def add(self, queue: str, runs: list[Run], asked: int, next_tick_s: float) -> None:
        """Buffer the runs that a poll for ``asked`` runs returned, in order. They expire at the next tick."""
        self._waiting[queue].extend(runs)
        self._next_poll_s[queue] = 0.0 if len(runs) >= asked else next_tick_s
        self._fresh_until_s[queue] = next_tick_s

    def pick(self) -> Run | None:
        """Take the next run; None if there is none."""
        if not any(self._waiting.values()):
            return None
        found = next(queue for queue in (next(self._preferred), *_ORDER) if self._waiting[queue])
        return self._waiting[found].popleft()

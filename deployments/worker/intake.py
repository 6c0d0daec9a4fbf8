"""The flow run to run next: buffers for the queues `interactive` and `backlog`, with a guaranteed share for backlog.

A poll is a REST request, and one that returns hundreds of runs costs the server a tenth of a second. So a poll requests
a few runs, which are buffered. A queue is polled again when its buffer is empty: at once if the last poll returned all
it requested, else at the next tick. Buffered runs expire after a moment, because another worker may have run them.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Run = TypeVar("Run")

INTERACTIVE, BACKLOG = "interactive", "backlog"
_BACKLOG_SHARE = 4  # of this many picks in a row, at least one is from the backlog while it has runs


class Intake(Generic[Run]):
    """Buffers for the two queues."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Run]] = {INTERACTIVE: deque(), BACKLOG: deque()}
        self._next_poll_s = dict.fromkeys(self._waiting, 0.0)
        self._fresh_until_s = dict.fromkeys(self._waiting, 0.0)
        self._picks_since_backlog = 0

    def queues_to_poll(self, now_s: float) -> list[str]:
        """The queues to poll at this time of a monotonic clock."""
        for queue, runs in self._waiting.items():
            if runs and now_s > self._fresh_until_s[queue]:
                runs.clear()
                self._next_poll_s[queue] = 0.0
        return [queue for queue, runs in self._waiting.items() if not runs and now_s >= self._next_poll_s[queue]]

    def add(self, queue: str, runs: list[Run], asked: int, next_tick_s: float) -> None:
        """Buffer the runs that a poll for ``asked`` runs returned, in order. They expire at the next tick."""
        self._waiting[queue].extend(runs)
        self._next_poll_s[queue] = 0.0 if len(runs) >= asked else next_tick_s
        self._fresh_until_s[queue] = next_tick_s

    def pick(self) -> Run | None:
        """Take the next run; None if there is none."""
        interactive, backlog = self._waiting[INTERACTIVE], self._waiting[BACKLOG]
        is_backlog_due = self._picks_since_backlog >= _BACKLOG_SHARE - 1
        if backlog and (is_backlog_due or not interactive):
            self._picks_since_backlog = 0
            return backlog.popleft()
        if interactive:
            self._picks_since_backlog += 1
            return interactive.popleft()
        return None

"""What to run next: two buffers of waiting flow runs, `interactive` before `backlog`, with a share for backlog.

Polling is REST, and a poll that returns hundreds of runs costs the server a tenth of a second. So a poll asks
for a few runs, they are buffered, and the next poll waits until a buffer is empty.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Run = TypeVar("Run")

INTERACTIVE, BACKLOG = "interactive", "backlog"
_BACKLOG_SHARE = 4  # of so many picks in a row, at least one goes to the backlog while it has runs


class Intake(Generic[Run]):
    """Buffers for the two queues."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Run]] = {INTERACTIVE: deque(), BACKLOG: deque()}
        self._picks_since_backlog = 0

    def empty_queues(self) -> list[str]:
        """The queues that a poll should ask for."""
        return [queue for queue, runs in self._waiting.items() if not runs]

    def add(self, queue: str, runs: list[Run]) -> None:
        """Buffer what a poll returned for a queue, in its order."""
        self._waiting[queue].extend(runs)

    def pick(self) -> Run | None:
        """The next run, or None when there is none."""
        interactive, backlog = self._waiting[INTERACTIVE], self._waiting[BACKLOG]
        is_backlogs_turn = self._picks_since_backlog >= _BACKLOG_SHARE - 1
        if backlog and (is_backlogs_turn or not interactive):
            self._picks_since_backlog = 0
            return backlog.popleft()
        if interactive:
            self._picks_since_backlog += 1
            return interactive.popleft()
        return None

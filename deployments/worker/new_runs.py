"""New runs wake the loops of a worker that wait for them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

# Only runs that the dispatcher does not create wait for a poll. Prefect's own workers poll every 10 s.
_QUIET_POLL_S = 8.0


class NewRuns:
    """Counts how often somebody said that a run was created; each time wakes the loops that wait.

    ``is_listening``: whether that is heard at all.
    """

    def __init__(self) -> None:
        self.number = 0
        self.is_listening = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._came = asyncio.Event()

    def pause_s(self, otherwise_s: float) -> float:
        """The seconds between two polls of a loop with nothing to do, which is ``otherwise_s`` if nobody is heard."""
        return _QUIET_POLL_S if self.is_listening else otherwise_s

    def tell(self) -> None:
        """Wake the loops. Any thread may call it."""
        loop = self._loop
        if loop is None:
            self.number += 1
        else:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._wake)

    async def wait(self, seen: int, timeout_s: float) -> None:
        """Wait until the number is not the one that was ``seen``, or the time is over."""
        self._loop = asyncio.get_running_loop()
        if self.number == seen:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._came.wait(), timeout_s)

    def _wake(self) -> None:
        self.number += 1
        came, self._came = self._came, asyncio.Event()
        came.set()

"""A timer for periodic work."""

from __future__ import annotations

import time


class Pace:
    """Is due at once, and again after a number of seconds."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._next_at = 0.0

    def is_due(self) -> bool:
        """Return whether it is due, and if so restart the timer."""
        now = time.monotonic()
        if now < self._next_at:
            return False
        self._next_at = now + self._every_s
        return True

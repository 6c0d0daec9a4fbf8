"""Doing a thing now and then."""

from __future__ import annotations

import time


class Pace:
    """Is due at once, and again when so many seconds have passed since it last was."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._next_at = 0.0

    def is_due(self) -> bool:
        """Whether it is; then the time starts anew."""
        now = time.monotonic()
        if now < self._next_at:
            return False
        self._next_at = now + self._every_s
        return True

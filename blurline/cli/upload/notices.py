"""Messages about what a run waits for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Lock

from blurline.errors import RetryableError

_WORTH_SAYING_S = 1.0
_OVER_AFTER_S = 90.0


class Notices:
    """Prints each reason to wait once, however many threads wait and however often. Safe to share between threads.

    A reason that did not occur for a while is printed again.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lock = Lock()
        self._told_at: dict[str, float] = {}

    def wait(self, error: RetryableError, pause_s: float) -> None:
        """Report that a request is retried after a pause."""
        if pause_s < _WORTH_SAYING_S:
            return
        with self._lock:
            now = time.monotonic()
            is_new = now - self._told_at.get(error.code, -math.inf) > _OVER_AFTER_S
            self._told_at[error.code] = now
        if is_new:
            self._say(f"{error} Trying again.")

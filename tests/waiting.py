"""How long tests wait: far longer than a loaded machine needs, since only a failure uses the whole time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

TIMEOUT_S = 500.0
TIMEOUT_MS = TIMEOUT_S * 1000  # Playwright's unit
T = TypeVar("T")


def wait_for(what: str, ask: Callable[[], T | None], timeout_s: float = TIMEOUT_S, *, every_s: float = 0.1) -> T:
    """Ask until the answer is truthy.

    Raises:
        AssertionError: ``timeout_s`` passed.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(every_s)
    raise AssertionError(f"{what}: not within {timeout_s} s")

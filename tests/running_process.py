"""A server in a process of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.acceptance.stack import answers
from tests.waiting import TIMEOUT_S, wait_for


@contextmanager
def running_process(what: str, health_url: str, command: Sequence[str], **options: Any) -> Iterator[None]:
    """Run a command during the block, from the first answer of its health address on. ``options`` are of Popen."""
    process = subprocess.Popen(command, **options)
    try:
        wait_for(f"{what} is up", lambda: answers(health_url))
        yield
    finally:
        process.terminate()
        process.wait(TIMEOUT_S)

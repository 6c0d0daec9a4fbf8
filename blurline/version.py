"""Which release this is. Everything that tells of it asks here."""

from __future__ import annotations

import os
import re
import socket
from importlib.metadata import version

VERSION = version("blurline")

_OF_WORKER = re.compile(r"-v(\d[^-]*)$")


def worker_name() -> str:
    """What this process calls itself in the work pool: Prefect keeps nothing of a worker but its name."""
    return f"{socket.gethostname()}-{os.getpid()}-v{VERSION}"


def version_of_worker(name: str) -> str | None:
    """The release of the worker of that name; None of one before 0.2.0."""
    found = _OF_WORKER.search(name)
    return found.group(1) if found else None


def process_name(part: str) -> str:
    """What this process calls itself where it connects to PostgreSQL, which keeps 63 bytes of it."""
    return f"blurline {part} {VERSION} {os.getpid()}@{socket.gethostname()}"[:63]

"""The version of this release, and the names of processes that carry it."""

from __future__ import annotations

import os
import re
import socket
from importlib.metadata import version

VERSION = version("blurline")

_OF_WORKER = re.compile(r"-v(\d[^-]*)$")
_BEFORE_0_2 = re.compile(r".+-\d+$")
_MOST_BYTES = 63  # of an application name in PostgreSQL


def worker_name() -> str:
    """The name of this process in the work pool. It carries the version, since Prefect stores only a worker's name."""
    return f"{socket.gethostname()}-{os.getpid()}-v{VERSION}"


def version_of_worker(name: str) -> str | None:
    """The version of the worker with this name; None before 0.2.0."""
    found = _OF_WORKER.search(name)
    return found.group(1) if found else None


def is_worker_of_ours(name: str) -> bool:
    """Whether a worker has a name that Blurline gives: its host and process, and since 0.2.0 the version."""
    return version_of_worker(name) is not None or _BEFORE_0_2.fullmatch(name) is not None


def presence_name(worker: str) -> str:
    """The application name of the session that a worker holds while it runs (`deployments.worker.presence`).

    Of a long name it keeps the end, which tells workers apart.
    """
    prefix = "blurline presence "
    return prefix + worker[-(_MOST_BYTES - len(prefix)) :]


def process_name(part: str) -> str:
    """The application name of this process in PostgreSQL."""
    return f"blurline {part} {VERSION} {os.getpid()}@{socket.gethostname()}"[:_MOST_BYTES]

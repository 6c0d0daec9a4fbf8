"""Naming the process of a run so that it is found later, and never mistaken for another."""

from __future__ import annotations

import socket

import psutil


def identify(pid: int) -> str:
    """The identifier of a process: host, process id, and start time, since ids are reused."""
    try:
        began = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        began = 0
    return f"{socket.gethostname()}:{pid}:{began:.2f}"


def is_dead_here(identifier: str) -> bool:
    """Whether the process was one of this host and has ended."""
    host, pid, _ = identifier.rsplit(":", 2) if identifier.count(":") >= 2 else ("", "0", "")
    return host == socket.gethostname() and identify(int(pid)) != identifier

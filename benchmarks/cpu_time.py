"""The CPU time of other processes."""

from __future__ import annotations

import psutil


def cpu_s(process: psutil.Process) -> float:
    """Seconds of CPU time of a process and of its children that have ended; 0 if it has ended itself."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0


def tree_of(pid: int) -> list[psutil.Process]:
    """A process and all its descendants that run."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def tree_cpu_s(pid: int) -> float:
    """Seconds of CPU time of a process and of its descendants."""
    return sum(map(cpu_s, tree_of(pid)))

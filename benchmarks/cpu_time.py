"""The CPU time of other processes."""

from __future__ import annotations

import psutil


def cpu_s(process: psutil.Process) -> float:
    """Seconds of CPU time of a process and of its children that have ended; 0 if it has ended itself."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0

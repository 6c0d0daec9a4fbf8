"""The priority of the slots' processes below that of everything else."""

from __future__ import annotations

import contextlib
import os
import random
import time
from pathlib import Path

_OF_SESSION = Path("/proc/self/autogroup")
_TRIES = 50


def lower_priority(niceness: int) -> None:
    """Give way to other processes of this machine while they need the cores. Call it in a process with a session of
    its own.

    Where Linux schedules sessions against each other (`autogroup`), the priority of a process counts only within its
    session, which has one of its own. The kernel takes one such change in 0.1 s from all users.
    """
    os.nice(niceness)
    with contextlib.suppress(OSError):  # another system, or no such schedule
        for _ in range(_TRIES):
            try:
                _OF_SESSION.write_text(str(niceness))
            except BlockingIOError:
                time.sleep(random.uniform(0.05, 0.2))
            else:
                return

"""The checks of the parts of the service: all at once, each within a time limit, also of parts that hang."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Protocol

import structlog

from api.dependencies import Context
from api.upkeep.workers import ONLINE, known_workers
from blurline.errors import BlurlineError, RetryableError
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.upkeep.reconcile import count_undispatched
from sql.upkeep.server import check_writes

log = structlog.get_logger()

LIMIT_S = 3
"""The time limit of a check, in seconds."""

_DISPATCH_PATIENCE_S = 60
_LITTLE_BYTES = 500_000_000
_LITTLE_SHARE = 0.05  # of a small disk


class DispatchLate(RetryableError):
    """Accepted batches wait too long to become flow runs."""

    code = "dispatch_late"


class NoWorker(RetryableError):
    """No worker is online."""

    code = "no_worker"


class DiskFull(RetryableError):
    """A disk that the API writes to is almost full."""

    code = "disk_full"


class PartCheck(Protocol):
    """A check of a part. It raises BlurlineError when the part does not do its work."""

    def __call__(self) -> None:
        """Check the part."""


class Checks:
    """Runs checks, each in its own thread. ``hanging`` has the code for a check that does not end in time.

    A check that hangs is not started again until it has ended, so a part that hangs holds one thread.
    """

    def __init__(self, checks: Mapping[str, PartCheck], hanging: Mapping[str, str], limit_s: float = LIMIT_S) -> None:
        self._checks, self._hanging, self._limit_s = checks, hanging, limit_s
        self._running: dict[str, threading.Thread] = {}
        self._found: dict[str, str] = {}

    def run(self) -> dict[str, str]:
        """`ok` or an error code by part, within the time limit."""
        for name in self._checks:
            if name not in self._running or not self._running[name].is_alive():
                self._running[name] = threading.Thread(target=self._check, args=(name,), daemon=True)
                self._running[name].start()
        deadline = time.monotonic() + self._limit_s
        for thread in self._running.values():
            thread.join(max(0.0, deadline - time.monotonic()))
        return {
            name: self._hanging[name] if thread.is_alive() else self._found[name]
            for name, thread in self._running.items()
        }

    def _check(self, name: str) -> None:
        try:
            self._checks[name]()
        except BlurlineError as error:
            self._found[name] = error.code
            log.warning("part_not_healthy", part=name, error_code=error.code, error=str(error))
        except Exception:
            self._found[name] = "internal"
            log.exception("part_check_broke", part=name)
        else:
            self._found[name] = "ok"


def checks_of(context: Context) -> Checks:
    """The checks of every part that the API needs, and of those that process what it accepts."""
    settings = context.settings
    return Checks(
        {
            "database": lambda: check_writes(settings.database.conninfo, LIMIT_S),
            "store": lambda: _check_store(settings),
            "prefect": context.flow_runs.check,
            "dispatch": lambda: _check_dispatch(context),
            "workers": lambda: _check_workers(context),
            "disk": lambda: _check_disk(settings),
        },
        {
            "database": "database_unavailable",
            "store": "store_unavailable",
            "prefect": "prefect_unavailable",
            "dispatch": "database_unavailable",
            "workers": "prefect_unavailable",
            "disk": "disk_full",
        },
    )


def free_bytes(settings: Settings) -> dict[str, tuple[int, int]]:
    """The free and the total bytes of the disks with the data folder (`home`) and temporary files (`temporary`)."""
    found = {}
    for name, folder in (("home", settings.home.absolute()), ("temporary", Path(tempfile.gettempdir()))):
        usage = shutil.disk_usage(next(each for each in (folder, *folder.parents) if each.exists()))
        found[name] = (usage.free, usage.total)
    return found


def _check_store(settings: Settings) -> None:
    with closing(Store(settings, read_timeout_s=LIMIT_S, retries=0)) as store:
        store.check()


def _check_dispatch(context: Context) -> None:
    waiting = count_undispatched(context.database)
    if waiting.age_s > _DISPATCH_PATIENCE_S:
        raise DispatchLate(
            f"{waiting.batches} batches wait to be dispatched, the oldest for {waiting.age_s:.0f} s. Check Prefect."
        )


def _check_workers(context: Context) -> None:
    workers = known_workers(context)
    if not any(worker.status == ONLINE for worker in workers):
        raise NoWorker(f"No worker is online ({len(workers)} are known). Start `blurline worker`.")


def _check_disk(settings: Settings) -> None:
    for name, (free, total) in free_bytes(settings).items():
        if free < min(_LITTLE_BYTES, total * _LITTLE_SHARE):
            raise DiskFull(f"{free / 1e6:.0f} MB are free for {name}. Free some space.")

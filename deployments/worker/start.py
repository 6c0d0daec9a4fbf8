"""Starting a worker: `blurline worker`."""

from __future__ import annotations

import asyncio
import os
import socket

from blurline.logs import configure_logs
from blurline.settings import Settings
from deployments.worker.worker import WarmWorker

_GRACE_S = 120  # the reconciler comes first


def start_worker(settings: Settings, pool: str | None, slots: int | None) -> None:
    """Run a worker until it is told to stop."""
    configure_logs(settings.log_level)
    worker = WarmWorker(
        work_pool_name=pool or settings.work_pool,
        name=f"{socket.gethostname()}-{os.getpid()}",
        slots=slots or os.cpu_count() or 1,
        child_memory_mb=settings.worker_memory_mb,
        run_deadline_s=settings.attempt_deadline_s + _GRACE_S,
        ready_file=settings.worker_ready_file,
        create_pool_if_not_found=False,
    )
    asyncio.run(worker.serve(settings.worker_drain_s))

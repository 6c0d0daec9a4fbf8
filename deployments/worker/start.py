"""Starting a worker: `blurline worker`."""

from __future__ import annotations

import asyncio
import os

from prometheus_client import start_http_server

from blurline.errors import ConfigurationError
from blurline.observability import metrics
from blurline.observability.logs import configure_logs
from blurline.policy import Policy
from blurline.policy.profile import ProfileName
from blurline.settings import Settings
from blurline.version import worker_name
from deployments.worker.worker import WarmWorker
from models import plan_for

_GRACE_S = 120  # the reconciler comes first


def start_worker(settings: Settings, pool: str | None, slots: int | None) -> None:
    """Run a worker until it is told to stop."""
    configure_logs(settings.log_level)
    worker = WarmWorker(
        work_pool_name=pool or settings.work_pool,
        name=worker_name(),
        slots=slots or os.cpu_count() or 1,
        child_memory_mb=settings.worker_memory_mb,
        run_deadline_s=settings.attempt_deadline_s + _GRACE_S,
        ready_file=settings.worker_ready_file,
        create_pool_if_not_found=False,
    )
    if settings.worker_metrics_port is not None:
        _serve_metrics(settings, worker, settings.worker_metrics_port)
    asyncio.run(worker.serve(settings.worker_drain_s))


def _serve_metrics(settings: Settings, worker: WarmWorker, port: int) -> None:
    """Answer Prometheus in a thread. Raises ConfigurationError when the port cannot be had."""
    metrics.WORKER.register(worker.figures)
    for profile in ProfileName:
        model = plan_for(Policy(profile=profile), settings).record
        metrics.model_info.labels(profile, model["name"], model["sha256"]).set(1)
    try:
        start_http_server(port, settings.worker_metrics_host, metrics.WORKER)
    except OSError as error:
        raise ConfigurationError(
            f"The worker cannot serve its metrics at {settings.worker_metrics_host}:{port} ({error.strerror}). "
            "Set BLURLINE_WORKER_METRICS_PORT to a free port."
        ) from error

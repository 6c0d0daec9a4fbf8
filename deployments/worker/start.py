"""Start a worker: `blurline worker`."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from contextlib import closing

import psycopg
import structlog
from prometheus_client import start_http_server

from blurline.access.noise_key import NOISE_KEY_FILE, load_or_create_noise_key
from blurline.errors import ConfigurationError, DatabaseUnavailable
from blurline.observability import metrics
from blurline.observability.logs import configure_logs
from blurline.settings import Settings
from blurline.version import worker_name
from deployments.worker.metrics_guard import require_token
from deployments.worker.presence import stay_connected
from deployments.worker.worker import WarmWorker
from models import current_models, further_models
from models.int8 import regions_card
from sql.engine.database import Database
from sql.reruns.reruns import record_models

_GRACE_S = 120  # the reconciler comes first
_RETRY_S = 30.0
_SILENT_S = 20

log = structlog.get_logger()


def start_worker(settings: Settings, pool: str | None, slots: int | None) -> None:
    """Run a worker until a signal stops it."""
    configure_logs(settings.log_level)
    _prepare_noise_key(settings)
    name = worker_name()
    worker = WarmWorker(
        work_pool_name=pool or settings.prefect.work_pool,
        name=name,
        slots=slots or os.cpu_count() or 1,
        process_memory_mb=settings.worker.memory_mb,
        run_deadline_s=settings.scheduling.attempt_deadline_s + _GRACE_S,
        niceness=settings.worker.niceness,
        ready_file=settings.worker.ready_file,
        create_pool_if_not_found=False,
    )
    if settings.worker.metrics_port is not None:
        _serve_metrics(settings, worker, settings.worker.metrics_port)
    threading.Thread(target=record_present_models, args=(settings,), daemon=True).start()
    threading.Thread(target=stay_connected, args=(settings, name, worker.new_runs), daemon=True).start()
    asyncio.run(worker.serve(settings.worker.drain_s))


def _prepare_noise_key(settings: Settings) -> None:
    """Create the key that makes results reproducible, if missing. A worker that cannot create it works without.

    Raises ConfigurationError for a key that cannot be read.
    """
    path = settings.home / NOISE_KEY_FILE
    try:
        load_or_create_noise_key(path)
    except ConfigurationError as error:
        if path.exists():
            raise
        log.warning("results_not_reproducible", error=str(error))


def record_present_models(settings: Settings, pause_s: float = _RETRY_S) -> None:
    """Record in the database which model each profile and detector uses, for re-runs that select by model. Tries until
    it can."""
    models = {profile.value: card.sha256 for profile, card in current_models(settings).items()}
    models |= {f"detector:{name}": card.sha256 for name, card in further_models(settings).items()}
    models["regions"] = regions_card(settings.detector).sha256
    while True:
        try:
            with closing(Database(settings.database.conninfo, max_connections=1)) as database:
                return record_models(database, models)
        except (DatabaseUnavailable, psycopg.Error) as error:  # it is away, or not migrated yet
            log.warning("models_not_recorded", error=str(error))
        time.sleep(pause_s)


def _serve_metrics(settings: Settings, worker: WarmWorker, port: int) -> None:
    """Serve metrics to Prometheus in a thread. Raises ConfigurationError when the port is not available."""
    metrics.WORKER.register(worker.figures)
    for profile, card in current_models(settings).items():
        metrics.model_info.labels(profile, card.name, card.sha256).set(1)
    try:
        server, _ = start_http_server(port, settings.worker.metrics_host, metrics.WORKER)
    except OSError as error:
        raise ConfigurationError(
            f"The worker cannot serve its metrics at {settings.worker.metrics_host}:{port} ({error.strerror}). "
            "Set BLURLINE_WORKER_METRICS_PORT to a free port."
        ) from error
    if settings.worker.metrics_token is not None:
        require_token(server, settings.worker.metrics_token.get_secret_value())
    server.RequestHandlerClass.timeout = _SILENT_S  # type: ignore[attr-defined]  # of a connection that sends nothing

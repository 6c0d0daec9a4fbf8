"""Metrics read from the database, cached for a few seconds."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import structlog
from prometheus_client import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as open_metrics

from blurline.errors import DatabaseUnavailable
from blurline.observability import metrics
from sql.upkeep.metrics import ServiceMetrics, read_service_metrics

log = structlog.get_logger()

_FRESH_S = 10

# Exported as 0 when there are none, so that an alert rule can distinguish "none" from "unknown".
_STATES = ("queued", "processing", "published", "needs_review", "failed", "deleted")
_QUEUES = ("express", "interactive", "backlog")
_HELD = ("doubtful", "review_asked", "second_approval", "output_check_failed")


class DatabaseMetrics:
    """The exposition of `metrics.DATABASE`; empty while the database is down. Safe to share between threads."""

    def __init__(self, dsn: str, fresh_s: float = _FRESH_S) -> None:
        self._dsn, self._fresh_s = dsn, fresh_s
        self._lock = threading.Lock()
        self._text, self._fresh_until_s = _Text(), 0.0

    def text(self, is_open_metrics: bool = False) -> bytes:
        """The metrics in Prometheus's text format or in that of OpenMetrics."""
        with self._lock:
            if time.monotonic() >= self._fresh_until_s:
                self._text = self._read()
                self._fresh_until_s = time.monotonic() + self._fresh_s
            return self._text.open_metrics if is_open_metrics else self._text.plain

    def _read(self) -> _Text:
        try:
            _set(read_service_metrics(self._dsn))
        except DatabaseUnavailable as error:
            log.warning("database_figures_unavailable", error=str(error))
            metrics.database_up.set(0)
            return _Text()
        metrics.database_up.set(1)
        return _Text(generate_latest(metrics.DATABASE), open_metrics(metrics.DATABASE))  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class _Text:
    """The metrics in each format; empty without a database."""

    plain: bytes = b""
    open_metrics: bytes = b""


def _set(service: ServiceMetrics) -> None:
    for gauge in (metrics.images_failed, metrics.review_images, metrics.housekeeping_dealt_with):
        gauge.clear()  # drop labels that no longer occur
    for state in _STATES:
        metrics.images.labels(state).set(service.images.get(state, 0))
    for code, count in service.failed.items():
        metrics.images_failed.labels(code).set(count)
    for queue in _QUEUES:
        waiting = service.waiting.get(queue)
        metrics.queue_images.labels(queue).set(waiting.count if waiting else 0)
        metrics.queue_oldest_age.labels(queue).set(waiting.oldest_age_s if waiting else 0)
    for code in {*_HELD, *service.held}:
        metrics.review_images.labels(code).set(service.held[code].count if code in service.held else 0)
    metrics.review_oldest_age.set(max((held.oldest_age_s for held in service.held.values()), default=0))
    metrics.outbox_batches.set(service.outbox.count)
    metrics.outbox_oldest_age.set(service.outbox.oldest_age_s)
    metrics.webhook_deliveries_pending.set(service.undelivered.count)
    metrics.webhook_oldest_age.set(service.undelivered.oldest_age_s)
    metrics.webhooks_disabled.set(service.disabled_webhooks)
    metrics.objects_missing.labels("original").set(service.missing_originals)
    metrics.objects_missing.labels("result").set(service.missing_results)
    metrics.removals_failing.set(service.failing_removals.count)
    metrics.holds.set(service.holds)
    for success in service.housekeeping:
        metrics.housekeeping_last_success.labels(success.flow).set(success.succeeded_at.timestamp())
        for kind, count in success.counts.items():
            metrics.housekeeping_dealt_with.labels(success.flow, kind).set(count)

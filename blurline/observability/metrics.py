"""All Prometheus metrics, by the process that serves them. docs/observability.md lists them.

- `API`: counted by an API process.
- `DATABASE`: the state of the whole service, which an API process reads from PostgreSQL at each scrape.
- `WORKER`: counted by a worker.
- `RUNS`: counted by flow runs in worker processes; the worker serves the sum over its processes.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from blurline.version import VERSION

disable_created_metrics()  # type: ignore[no-untyped-call]

API, DATABASE, WORKER, RUNS = (CollectorRegistry() for _ in range(4))

for _registry in (API, WORKER):
    ProcessCollector(registry=_registry)
    Gauge(
        "blurline_build_info", "Always 1; the label has the running version.", ["version"], registry=_registry
    ).labels(VERSION).set(1)

# API

http_requests = Histogram(
    "blurline_http_request_duration_seconds",
    "From the arrival of a request to the end of its answer, by route template.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=API,
)
http_problems = Counter(
    "blurline_http_problems_total",
    "Problem answers by code, such as rate_limited and quota_exceeded.",
    ["code"],
    registry=API,
)
websocket_clients = Gauge("blurline_websocket_clients", "Open WebSockets.", registry=API)
webhook_tries = Counter(
    "blurline_webhook_tries_total",
    "Webhook deliveries by outcome: delivered, failed (will be retried), given_up.",
    ["outcome"],
    registry=API,
)
database_up = Gauge(
    "blurline_database_up", "1 if the metrics of the database could be read, otherwise 0.", registry=API
)
disk_free = Gauge(
    "blurline_disk_free_bytes",
    "Free space on the disks of an API process: its data folder (home) and temporary files (temporary).",
    ["folder"],
    registry=API,
)

disk_size = Gauge("blurline_disk_size_bytes", "Size of the same disks.", ["folder"], registry=API)

# Database

images = Gauge("blurline_images", "Images by state.", ["state"], registry=DATABASE)
images_failed = Gauge("blurline_images_failed", "Failed images by error code.", ["error_code"], registry=DATABASE)
queue_images = Gauge(
    "blurline_queue_images",
    "Images that no worker has started, including re-runs, by queue.",
    ["queue"],
    registry=DATABASE,
)
queue_oldest_age = Gauge(
    "blurline_queue_oldest_age_seconds",
    "Age of the longest wait, by queue.",
    ["queue"],
    registry=DATABASE,
)
outbox_batches = Gauge("blurline_outbox_batches", "Overdue batches in the outbox.", registry=DATABASE)
outbox_oldest_age = Gauge(
    "blurline_outbox_oldest_age_seconds", "How long the oldest of them is overdue.", registry=DATABASE
)
review_images = Gauge(
    "blurline_review_images",
    "Images that wait for a review, by reason; output_check_failed: the result did not pass its check.",
    ["error_code"],
    registry=DATABASE,
)
review_oldest_age = Gauge(
    "blurline_review_oldest_age_seconds", "How long the longest of them has been waiting.", registry=DATABASE
)
webhook_deliveries_pending = Gauge(
    "blurline_webhook_deliveries_pending", "Webhook messages that are not delivered yet.", registry=DATABASE
)
webhook_oldest_age = Gauge(
    "blurline_webhook_deliveries_oldest_age_seconds", "Age of the oldest of them.", registry=DATABASE
)
webhooks_disabled = Gauge(
    "blurline_webhooks_disabled", "Webhooks that are disabled, by their owner or after failures.", registry=DATABASE
)

objects_missing = Gauge(
    "blurline_objects_missing",
    "Originals and results that were missing from the store in the last sweep.",
    ["kind"],
    registry=DATABASE,
)
removals_failing = Gauge(
    "blurline_removals_failing", "Deleted images with objects that the store refuses to remove.", registry=DATABASE
)
holds = Gauge("blurline_holds", "Legal holds in force.", registry=DATABASE)
housekeeping_last_success = Gauge(
    "blurline_housekeeping_last_success_timestamp_seconds",
    "When a housekeeping flow (retention, sweep) last succeeded.",
    ["flow"],
    registry=DATABASE,
)
housekeeping_dealt_with = Gauge(
    "blurline_housekeeping_dealt_with",
    "How many items of each kind it processed then.",
    ["flow", "kind"],
    registry=DATABASE,
)

# Worker

worker_slots = Gauge("blurline_worker_slots", "Flow runs that this worker can run at a time.", registry=WORKER)
worker_slots_busy = Gauge("blurline_worker_slots_busy", "Slots with a flow run.", registry=WORKER)
worker_runs = Counter(
    "blurline_worker_runs_total",
    "Flow runs by outcome: completed, failed, cancelled, broken (an error in the worker), died (with its process).",
    ["outcome"],
    registry=WORKER,
)
worker_child_restarts = Counter(
    "blurline_worker_child_restarts_total",
    "Replaced worker processes by reason: died, broken, memory (too large), age (served long).",
    ["reason"],
    registry=WORKER,
)
model_info = Gauge(
    "blurline_model_info",
    "Always 1; the labels have the model of each profile.",
    ["profile", "model", "sha256"],
    registry=WORKER,
)

# Runs

stage_duration = Histogram(
    "blurline_stage_duration_seconds",
    "Time of a stage for one image.",
    ["stage"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=RUNS,
)
images_settled = Counter(
    "blurline_images_settled_total",
    "Attempts that settled their image, by outcome: published, held, failed. error_code is empty for published.",
    ["outcome", "error_code"],
    registry=RUNS,
)
faces_found = Counter("blurline_faces_found_total", "Faces found in settled images.", registry=RUNS)
images_given_back = Counter(
    "blurline_images_given_back_total",
    "Images that will be retried after their flow run failed.",
    ["error_code"],
    registry=RUNS,
)
images_reconciled = Counter(
    "blurline_images_reconciled_total",
    "Images that the reconciler found stuck, by reason.",
    ["verdict"],
    registry=RUNS,
)
batches_dispatched_late = Counter(
    "blurline_batches_dispatched_late_total",
    "Batches that the reconciler dispatched because no API process did.",
    registry=RUNS,
)

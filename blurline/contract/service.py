"""Health and the state of the service."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import (
    BaseModel,
    Field,
)

from blurline.contract.base import with_examples
from blurline.contract.examples import TIME


class Liveness(BaseModel):
    """The process responds."""

    model_config = with_examples({"status": "alive"})
    status: Literal["alive"] = "alive"


class Health(BaseModel):
    """The state of each part: `ok` or an error code."""

    model_config = with_examples(
        {
            "status": "degraded",
            "parts": {"database": "ok", "store": "bucket_missing"},
            "messages": {"store": "A bucket of the store does not exist. Run `blurline buckets`."},
            "version": "0.2.0",
        }
    )
    status: Literal["ok", "degraded"]
    parts: dict[str, str]
    messages: dict[str, str] = Field(
        default_factory=dict, description="What is wrong and what to do, for each part that is not `ok`."
    )
    version: str | None = Field(default=None, description="Version of the API process that responds.")


class Waiting(BaseModel):
    """How many are waiting, and the age of the oldest; 0 when none is waiting."""

    count: int
    oldest_age_s: float


class Worker(BaseModel):
    """A worker that has joined the work pool."""

    name: str
    status: str
    last_heartbeat_at: datetime | None
    version: str | None = Field(default=None, description="Null for a worker of 0.1.0.")


class ApiProcess(BaseModel):
    """An API process with a connection to the database."""

    name: str
    version: str
    since: datetime


class FruitlessAttempts(BaseModel):
    """Attempts that failed: `retried` while the image had attempts left, then `given_up`."""

    outcome: Literal["retried", "given_up"]
    error_code: str
    last_hour: int
    last_day: int


class Housekeeping(BaseModel):
    """When a housekeeping flow last succeeded, and how many items of each kind it processed. For a flow that never ran,
    the time of the installation."""

    flow: Literal["retention", "sweep"]
    succeeded_at: datetime
    counts: dict[str, int]


class MissingObjects(BaseModel):
    """Objects that were missing from the store in the last sweep."""

    originals: int
    results: int


class Retention(BaseModel):
    """How long data is kept before it expires; null: until it is deleted. A job may ask for less."""

    keep_originals_days: float | None = None
    keep_results_days: float | None = None
    keep_rows_days: float | None = None
    keep_audit_days: float | None = None
    keep_uploads_hours: float = Field(description="Uploads that were not submitted.")
    events_kept_days: float = Field(description="Events and the log of webhook deliveries.")
    idempotency_hours: float = Field(description="Each Idempotency-Key.")
    upload_ttl_s: int = Field(description="How long a presigned upload may be used.")


class System(BaseModel):
    """The state of the service: images, queues and workers. ``workers`` is null while Prefect does not respond."""

    model_config = with_examples(
        {
            "version": "1.0.0",
            "database_version": "18.1",
            "images": {"published": 1200, "failed": 3},
            "failed": {"unreadable_picture": 3},
            "queues": {"interactive": {"count": 4, "oldest_age_s": 1.2}},
            "review": {"doubtful": {"count": 2, "oldest_age_s": 340.0}},
            "outbox": {"count": 0, "oldest_age_s": 0},
            "webhook_deliveries": {"count": 0, "oldest_age_s": 0},
            "disabled_webhooks": 0,
            "workers": [{"name": "blurline-worker", "status": "ONLINE", "last_heartbeat_at": TIME, "version": "0.2.0"}],
            "api_processes": [{"name": "711@api-1", "version": "0.2.0", "since": TIME}],
            "fruitless_attempts": [
                {"outcome": "retried", "error_code": "flow_run_crashed", "last_hour": 1, "last_day": 24}
            ],
            "missing_objects": {"originals": 0, "results": 0},
            "failing_removals": {"count": 0, "oldest_age_s": 0},
            "holds": 1,
            "housekeeping": [{"flow": "retention", "succeeded_at": TIME, "counts": {"originals": 120}}],
            "retention": {
                "keep_originals_days": 30,
                "keep_results_days": None,
                "keep_rows_days": 365,
                "keep_audit_days": None,
                "keep_uploads_hours": 24,
                "events_kept_days": 7,
                "idempotency_hours": 24,
                "upload_ttl_s": 600,
            },
        }
    )
    version: str
    database_version: str
    images: dict[str, int] = Field(description="By state.")
    failed: dict[str, int] = Field(description="By error code.")
    queues: dict[str, Waiting] = Field(description="Images that no worker has started, by queue.")
    review: dict[str, Waiting] = Field(description="Images that wait for a reviewer, by reason.")
    outbox: Waiting = Field(description="Batches that are not flow runs yet.")
    webhook_deliveries: Waiting
    disabled_webhooks: int
    workers: list[Worker] | None
    api_processes: list[ApiProcess] = Field(default=[], description="Processes of 0.1.0 are not listed.")
    fruitless_attempts: list[FruitlessAttempts] = Field(description="Of the last day, most frequent first.")
    missing_objects: MissingObjects
    failing_removals: Waiting = Field(
        default=Waiting(count=0, oldest_age_s=0),
        description="Deleted images with objects that the store refuses to remove, and the age of the oldest deletion.",
    )
    holds: int = Field(description="Legal holds in force.")
    housekeeping: list[Housekeeping]
    retention: Retention

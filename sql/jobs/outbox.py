"""The outbox: batches that wait to become flow runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from blurline.errors import RetryableError
from sql.engine.database import Database

log = structlog.get_logger()

TRACE_LABEL, OLD_TRACE_LABEL = "blurline.traceparent", "blurline.old_traceparent"
"""Labels of a flow run: the trace that it continues, and for a re-run the trace of the original request."""

_MAX_DELAY_S = 30
_MOST_FAILURES = 3


@dataclass(frozen=True, slots=True)
class WaitingBatch:
    """A batch to dispatch. ``traceparent`` is that of the request that created its job."""

    batch_id: UUID
    job_id: UUID
    queue: str
    tries: int
    traceparent: str | None
    is_rerun: bool

    @property
    def flow_run(self) -> dict[str, Any]:
        """The flow run to create, for Prefect's API. Its idempotency key prevents a second run of the batch."""
        return {
            "name": f"{'re-run of job' if self.is_rerun else 'job'} {self.job_id}",
            "parameters": {"batch_id": str(self.batch_id)},
            "idempotency_key": str(self.batch_id),
            "work_queue_name": self.queue,
            "tags": [f"job:{self.job_id}"],
            "labels": {OLD_TRACE_LABEL if self.is_rerun else TRACE_LABEL: self.traceparent} if self.traceparent else {},
        }


def dispatch_waiting(database: Database, create_flow_run: Callable[[WaitingBatch], UUID], limit: int = 20) -> int:
    """Pass up to ``limit`` waiting batches to ``create_flow_run``, and return how many were dispatched.

    The workers are notified. The rows are locked meanwhile, so that replicas share the work. After a crash the row is
    dispatched again, and the idempotency key returns the flow run that may already exist. A batch whose
    ``create_flow_run`` raises a RetryableError is retried later.
    """
    with database.transaction() as transaction:
        taken = failed = 0
        for row in transaction.all("claim_outbox", limit=limit):
            waiting = WaitingBatch(**row)
            try:
                flow_run_id = create_flow_run(waiting)
            except RetryableError as error:
                delay_s = min(2**waiting.tries, _MAX_DELAY_S)
                transaction.run("postpone_outbox", batch_id=waiting.batch_id, error=str(error), delay_s=delay_s)
                log.warning("dispatch_postponed", batch_id=str(waiting.batch_id), delay_s=delay_s, error=str(error))
                failed += 1
                if failed == _MOST_FAILURES:  # Prefect is down, rather than one batch refused
                    break
                continue
            transaction.run("set_flow_run", batch_id=waiting.batch_id, flow_run_id=flow_run_id)
            transaction.run("delete_outbox", batch_id=waiting.batch_id)
            taken += 1
        if taken:
            transaction.run("notify_flow_runs")
        return taken

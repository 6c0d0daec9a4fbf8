"""Flow runs that have nothing left to do: cancelling them in Prefect, so that they take no worker's time.

Whoever closes attempts early writes a row in the same transaction. The dispatcher works the rows off, and the
reconciler does so when the API is away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from uuid import UUID

import structlog

from blurline.errors import RetryableError
from sql.engine.database import Database, Row, Transaction

log = structlog.get_logger()

_MAX_DELAY_S = 30


def request_cancellation(transaction: Transaction, batch_ids: Sequence[UUID], message: str) -> None:
    """Have the flow runs of these batches cancelled, unless a batch still has an open attempt by then."""
    transaction.run("request_cancellation", batch_ids=list(batch_ids), message=message)
    transaction.run("notify_outbox")


def cancel_flow_runs(database: Database, cancel: Callable[[Sequence[UUID], str], None], limit: int = 50) -> int:
    """Pass the flow runs of up to ``limit`` requests, with the message, to ``cancel``. Return how many were done.

    A batch that is not dispatched yet leaves the outbox. Requests whose ``cancel`` raises a RetryableError are repeated
    later.
    """
    with database.transaction() as transaction:
        requests = transaction.all("claim_cancellations", limit=limit)
        if not requests:
            return 0
        ids = [row["id"] for row in requests]
        transaction.run("drop_outbox_of_empty_batches", batch_ids=[row["batch_id"] for row in requests])
        found = transaction.all("flow_runs_to_cancel", ids=ids)  # after the outbox rows, which a dispatcher may lock
        try:
            for message, rows in groupby(found, _message):
                cancel([row["flow_run_id"] for row in rows], message)
        except RetryableError as error:
            delay_s = min(2 ** min(row["tries"] for row in requests), _MAX_DELAY_S)
            transaction.run("postpone_cancellations", ids=ids, delay_s=delay_s)
            log.warning("cancellation_postponed", requests=len(ids), delay_s=delay_s, error=str(error))
            return 0
        transaction.run("delete_cancellations", ids=ids)
        return len(ids)


def without_work(database: Database, batch_of: Mapping[UUID, UUID]) -> list[UUID]:
    """The flow runs (given with their batch) whose batch is gone or has no open attempt."""
    with database.transaction() as transaction:
        rows = transaction.all("batches_with_work", batch_ids=list(batch_of.values()))
    with_work = {row["batch_id"] for row in rows}
    return [flow_run_id for flow_run_id, batch_id in batch_of.items() if batch_id not in with_work]


def _message(row: Row) -> str:
    return str(row["message"])

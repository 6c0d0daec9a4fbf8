"""Ending attempts that stopped early: retry the image, fail it, or cancel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from blurline.errors import DatabaseUnavailable, SourceUnavailable, StoreUnavailable
from blurline.settings import Settings
from sql.engine.database import Row, Transaction
from sql.jobs.attempts import NeedsNewerWorker, next_attempt, reopen
from sql.jobs.cancellations import request_cancellation
from sql.jobs.submissions import BatchSize, add_batches, batch_size

NOT_STARTED = ("flow_run_not_started", "flow_run_stuck")
NOT_GIVEN_BACK = "flow_run_failed"
"""A flow run that fails gives its images back, unless the database is down."""

OUTAGES = (
    StoreUnavailable.code,
    SourceUnavailable.code,
    DatabaseUnavailable.code,
    NeedsNewerWorker.code,
    *NOT_STARTED,
    NOT_GIVEN_BACK,
)
"""Codes of attempts that failed for reasons other than their picture: an outage, or a worker of an older release."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how soon an image is retried.

    An attempt that failed because of an outage counts towards ``max_outages``, not towards ``max_attempts``. Delays
    grow up to ``max_backoff_s``.
    """

    max_attempts: int
    backoff_s: float
    size: BatchSize
    max_outages: int = 100
    max_backoff_s: float = 300


def retry_policy(settings: Settings) -> RetryPolicy:
    """The retry policy in the settings."""
    return RetryPolicy(settings.scheduling.max_attempts, settings.scheduling.attempt_backoff_s, batch_size(settings))


def retry_or_fail(
    transaction: Transaction, attempt_ids: Sequence[UUID], code: str, message: str, policy: RetryPolicy
) -> None:
    """End the open ones of these attempts. Retry their images, or fail those that have reached the limit."""
    rows = _close_attempts(transaction, attempt_ids, "retried", code, message)
    is_outage = code in OUTAGES
    for row in rows:
        row["is_exhausted"] = (
            row["number"] >= policy.max_outages if is_outage else row["strikes"] + 1 >= policy.max_attempts
        )
        if row["is_exhausted"]:
            transaction.run(
                "fail_image",
                image_id=row["image_id"],
                attempt_id=row["attempt_id"],
                state="failed",
                error_code=code,
                error_message=f"{message} (given up after {row['number']} attempts)",
            )
    again = [row for row in rows if not row["is_exhausted"]]
    for _, group in groupby(sorted(again, key=_batch_and_number), key=_batch_and_number):
        same = list(group)
        number = same[0]["number"]
        members = [next_attempt(row) for row in same]
        add_batches(
            transaction,
            same[0]["job_id"],
            members,
            same[0]["queue"],
            same[0]["policy"],
            policy.size,
            delay_s=min(policy.backoff_s * 2.0 ** min(number - 1, 20), policy.max_backoff_s),
            rerun_id=same[0]["rerun_id"],
        )
        reopen(transaction, members)


def cancel_attempts(
    transaction: Transaction, attempt_ids: Sequence[UUID], code: str, message: str, *, has_run_ended: bool = False
) -> int:
    """End the open ones of these attempts as cancelled, and return their number.

    An image that had ended before a re-run returns to its previous state; one that was never finished fails. Unless it
    has ended (``has_run_ended``), a flow run that has nothing left to do is cancelled in Prefect soon after.
    """
    rows = _close_attempts(transaction, attempt_ids, "given_up", code, message)
    image_ids = [row["image_id"] for row in rows]
    transaction.run("release_images", image_ids=image_ids, error_code=code, error_message=message)
    if not has_run_ended:
        request_cancellation(transaction, sorted({row["batch_id"] for row in rows}), message)
    return len(rows)


def _close_attempts(
    transaction: Transaction, attempt_ids: Sequence[UUID], outcome: str, code: str, message: str
) -> list[Row]:
    return transaction.all(
        "close_attempts",
        attempt_ids=list(attempt_ids),
        outcome=outcome,
        error_code=code,
        error_message=message,
        outages=list(OUTAGES),
    )


def _batch_and_number(row: Row) -> tuple[UUID, int]:
    return row["batch_id"], row["number"]

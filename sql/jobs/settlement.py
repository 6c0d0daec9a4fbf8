"""Ending attempts without a new result: failed, withdrawn or held; and approving a result that waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from blurline.version import VERSION
from sql.engine.database import Transaction
from sql.jobs.attempts import Attempt


@dataclass(frozen=True, slots=True)
class Settled:
    """Whether an attempt settled its image, and the key of the result that it has replaced."""

    is_won: bool
    replaced_key: str | None = None


def fail(transaction: Transaction, attempt: Attempt, code: str, message: str) -> bool:
    """End the image as failed, if the attempt still is the one that may settle it. True when it did."""
    return _close(transaction, attempt, "failed", code, message)


def hold_for_review(transaction: Transaction, attempt: Attempt, code: str, message: str) -> bool:
    """End the attempt without a result and put the image into the review queue. True when it did."""
    return _close(transaction, attempt, "needs_review", code, message)


def withdraw(transaction: Transaction, attempt: Attempt, code: str, message: str) -> bool:
    """End the attempt and have the image reviewed, with its earlier result if it has one. True when it did."""
    row = transaction.one(
        "withdraw_image", image_id=attempt.image_id, attempt_id=attempt.id, error_code=code, error_message=message
    )
    if row is not None:
        finish(transaction, attempt, "needs_review", code, message)
    return row is not None


def approve(transaction: Transaction, image_id: UUID) -> bool:
    """Publish the result that waits at the review gate. False when none waits, or when the image is being re-run."""
    return transaction.one("approve_image", image_id=image_id) is not None


def finish(
    transaction: Transaction, attempt: Attempt, outcome: str, code: str | None = None, message: str | None = None
) -> None:
    """Record the end of an attempt, and that this release made it."""
    transaction.run(
        "finish_attempt",
        attempt_id=attempt.id,
        outcome=outcome,
        error_code=code,
        error_message=message,
        version=VERSION,
    )


def _close(
    transaction: Transaction, attempt: Attempt, outcome: Literal["failed", "needs_review"], code: str, message: str
) -> bool:
    row = transaction.one(
        "fail_image",
        image_id=attempt.image_id,
        attempt_id=attempt.id,
        state=outcome,
        error_code=code,
        error_message=message,
    )
    if row is not None:
        finish(transaction, attempt, outcome, code, message)
    return row is not None

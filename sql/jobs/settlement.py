"""Ending attempts without publishing a result, and approving a result at the review gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from blurline.version import VERSION
from sql.engine.database import Transaction
from sql.jobs.attempts import Attempt

SECOND_APPROVAL = "second_approval"
"""The code of an image whose policy demands two reviewers, one of whom has approved or corrected its result."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Whether an attempt settled its image, and the key of the result that it replaced, if no legal hold keeps it."""

    is_won: bool
    replaced_key: str | None = None


def fail(transaction: Transaction, attempt: Attempt, code: str, message: str) -> bool:
    """Fail the image, if the attempt is still its open one. Return whether it was."""
    return _close(transaction, attempt, "failed", code, message)


def send_to_review(transaction: Transaction, attempt: Attempt, code: str, message: str) -> bool:
    """End the attempt without a result and send the image to review. Return whether the attempt was still open."""
    return _close(transaction, attempt, "needs_review", code, message)


def withdraw(transaction: Transaction, attempt: Attempt, code: str, message: str) -> bool:
    """End the attempt and send the image to review with its earlier result, if any. Return whether it was open."""
    row = transaction.one(
        "withdraw_image", image_id=attempt.image_id, attempt_id=attempt.id, error_code=code, error_message=message
    )
    if row is not None:
        finish(transaction, attempt, "needs_review", code, message)
    return row is not None


def approve(transaction: Transaction, image_id: UUID) -> bool:
    """Publish the result at the review gate. False if none waits there, or the image is being re-run."""
    return transaction.one("approve_image", image_id=image_id) is not None


def approve_first(transaction: Transaction, image_id: UUID) -> bool:
    """Note the first of two approvals of the result at the review gate. False if none waits there."""
    message = "A reviewer has approved this result. Another reviewer must approve it too."
    row = transaction.one("note_first_approval", image_id=image_id, error_code=SECOND_APPROVAL, error_message=message)
    return row is not None


def finish(
    transaction: Transaction, attempt: Attempt, outcome: str, code: str | None = None, message: str | None = None
) -> None:
    """Record the end of an attempt, and this release."""
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

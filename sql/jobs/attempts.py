"""Attempts at images: starting those of a batch, and opening further ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from blurline.contract.corrections import Correction
from blurline.errors import PermanentError
from blurline.policy import Policy
from blurline.version import VERSION
from sql.engine.database import Database, Row, Transaction
from sql.jobs.submissions import Member, add_attempts


class NeedsNewerWorker(PermanentError):
    """A newer release made the batch, and its policy has fields or values that this release does not know."""

    code = "needs_newer_worker"

    def __init__(self, message: str, attempt_ids: Sequence[UUID]) -> None:
        super().__init__(message)
        self.attempt_ids = attempt_ids


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that has not ended, and the original that it reads: stored, in a ``source``, or at ``source_url``.

    ``original_sha256`` is None until an attempt has ended with a result.
    """

    id: UUID
    image_id: UUID
    number: int
    name: str
    original_key: str
    original_etag: str | None
    original_bytes: int
    source_url: str | None
    correction: Correction | None
    original_sha256: str | None = None
    source: str | None = None
    source_key: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The attempts that one flow run makes, and the policy for them."""

    id: UUID
    job_id: UUID
    policy: Policy
    attempts: tuple[Attempt, ...]


def start_batch(database: Database, batch_id: UUID, *, is_retry: bool = False) -> Batch | None:
    """Start a batch and return it with its open attempts; None when there is no such batch.

    When an operator retries its flow run (``is_retry``), images that failed in it get one more attempt. Raises
    NeedsNewerWorker when this release does not understand the policy: ignoring a part of it might leave a face visible.
    """
    with database.transaction() as transaction:
        row = transaction.one("batch", batch_id=batch_id)
        if row is None:
            return None
        if is_retry:
            _revive(transaction, batch_id)
        attempts = [_attempt(found) for found in transaction.all("start_attempts", batch_id=batch_id)]
    try:
        policy = Policy.model_validate(row["policy"])
    except ValidationError as error:
        raise NeedsNewerWorker(
            f"Blurline {VERSION} does not understand the policy of this batch, which a newer release made. A newer "
            "worker will process it.",
            [attempt.id for attempt in attempts],
        ) from error
    return Batch(row["id"], row["job_id"], policy, tuple(attempts))


def reopen(transaction: Transaction, members: Sequence[Member]) -> None:
    """Make the members' attempts the open attempts of their images."""
    transaction.run(
        "reopen_images",
        image_ids=[member.image_id for member in members],
        attempt_ids=[member.attempt_id for member in members],
    )


def next_attempt(row: Row) -> Member:
    """The attempt that follows the one in ``row``, with the same correction if that one had one."""
    return Member(row["image_id"], row["original_bytes"], row["number"] + 1, parse_correction(row["correction"]))


def parse_correction(column: Any) -> Correction | None:
    """The column ``attempts.correction`` as a Correction."""
    return None if column is None else Correction.model_validate(column)


def _revive(transaction: Transaction, batch_id: UUID) -> None:
    """Open a new attempt, in the same batch, at each image that failed in it for reasons other than its picture."""
    members = [next_attempt(row) for row in transaction.all("revive_attempts", batch_id=batch_id)]
    add_attempts(transaction, [(batch_id, member) for member in members])
    reopen(transaction, members)


def _attempt(row: Row) -> Attempt:
    known = {name: value for name, value in row.items() if name not in ("attempt_id", "correction")}
    return Attempt(id=row["attempt_id"], correction=parse_correction(row["correction"]), **known)

"""Batches under way, for the reconciler, and counts of failed attempts."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sql.engine.database import Database


@dataclass(frozen=True, slots=True)
class Underway:
    """A dispatched batch with open attempts. ``started_age_s`` is None until a worker has opened it.

    ``is_worker_connected``: the process that opened it still has a session in the database.
    """

    batch_id: UUID
    flow_run_id: UUID
    attempt_ids: tuple[UUID, ...]
    started_age_s: float | None
    age_s: float
    is_worker_connected: bool = False


@dataclass(frozen=True, slots=True)
class Undispatched:
    """How many batches wait in the outbox, and for how long the oldest has been due."""

    batches: int
    age_s: float


@dataclass(frozen=True, slots=True)
class FailedAttempts:
    """How many attempts of the last hour and day ended ``retried`` or ``given_up`` with an error code."""

    outcome: str
    error_code: str
    last_hour: int
    last_day: int


def list_underway(database: Database) -> list[Underway]:
    """Every batch under way, oldest first."""
    with database.transaction() as transaction:
        rows = transaction.all("batches_underway")
    return [Underway(**{**row, "attempt_ids": tuple(row["attempt_ids"])}) for row in rows]


def count_undispatched(database: Database) -> Undispatched:
    """The state of the outbox."""
    with database.transaction() as transaction:
        row = transaction.one("oldest_undispatched")
    assert row is not None
    return Undispatched(**row)


def list_failed_attempts(database: Database) -> list[FailedAttempts]:
    """The failed attempts of the last day, the most frequent first."""
    with database.transaction() as transaction:
        return [FailedAttempts(**row) for row in transaction.all("failed_attempts")]

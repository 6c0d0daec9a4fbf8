"""What happened to an owner's images: events, numbered from 1 without gaps in the order of their commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sql.engine.database import Database


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an image, or (``image_id`` is None) to a job."""

    sequence: int
    type: str
    job_id: UUID
    image_id: UUID | None
    data: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Bounds:
    """The last event there was (0 before the first), and the last of those that are not kept any more."""

    head: int
    removed: int


def find_bounds(database: Database, owner: str) -> Bounds:
    """Where the owner's events begin and end."""
    with database.transaction() as transaction:
        row = transaction.one("event_bounds", owner=owner)
    return Bounds(**row) if row else Bounds(0, 0)


def list_events(database: Database, owner: str, after: int, limit: int) -> list[Event]:
    """The owner's events in order, those behind ``after``. Whoever has seen one has been able to see all before it."""
    with database.transaction() as transaction:
        return [Event(**row) for row in transaction.all("events_after", owner=owner, after=after, limit=limit)]


def count_progress(database: Database, owner: str, job_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """How many images of the owner's jobs are in which state; jobs that are gone are left out."""
    with database.transaction() as transaction:
        rows = transaction.all("progress_of_jobs", owner=owner, job_ids=list(job_ids))
    return {row.pop("job_id"): row for row in rows}

"""Events of an owner's images, numbered from 1 without gaps in commit order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sql.engine.database import Database


@dataclass(frozen=True, slots=True)
class Event:
    """An event of an image, or (``image_id`` is None) of a job."""

    sequence: int
    type: str
    job_id: UUID
    image_id: UUID | None
    data: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Bounds:
    """The sequence of the last event (0 before the first), and of the last expired one."""

    head: int
    removed: int


def find_bounds(database: Database, owner: str) -> Bounds:
    """The bounds of the owner's events."""
    with database.transaction() as transaction:
        row = transaction.one("event_bounds", owner=owner)
    return Bounds(**row) if row else Bounds(0, 0)


def list_events(database: Database, owner: str, after: int, limit: int) -> list[Event]:
    """The owner's events after the sequence ``after``, in order. No event with a lower sequence can appear later."""
    with database.transaction() as transaction:
        return [Event(**row) for row in transaction.all("events_after", owner=owner, after=after, limit=limit)]


def count_progress(database: Database, owner: str, job_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """The number of images by state for each of the owner's jobs that still exist."""
    with database.transaction() as transaction:
        rows = transaction.all("progress_of_jobs", owner=owner, job_ids=list(job_ids))
    return {row.pop("job_id"): row for row in rows}

"""Originals, jobs, attempts and results for tests, made by the product's own functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np

from blurline.decision.choice import choose
from blurline.decision.doubt import Doubt
from blurline.ids import new_id
from blurline.picture.photo import PictureNote
from blurline.policy import Policy
from sql.engine.database import Database
from sql.jobs.attempts import Attempt, start_batch
from sql.jobs.outbox import WaitingBatch, dispatch_waiting
from sql.jobs.publishing import Result
from sql.jobs.retries import RetryPolicy
from sql.jobs.submissions import BatchSize, NewJob, Original, Queue, write_job

SIZE = BatchSize(images=10, bytes=1_000_000)
RETRY_POLICY = RetryPolicy(max_attempts=3, backoff_s=0, size=SIZE)
NOTE = PictureNote("cmyk_converted", "It was CMYK.")


def originals(count: int) -> list[Original]:
    """Originals of 1000 bytes, named 0.jpg, 1.jpg and so on, that the store does not have."""
    return [Original(f"{at}.jpg", f"key/{new_id()}", "etag", 1000) for at in range(count)]


def add_job(
    database: Database,
    images: int = 1,
    *,
    owner: str = "ann",
    queue: Queue = "interactive",
    **options: Any,
) -> UUID:
    """Submit a job with these fields of NewJob; its id."""
    return create_job(database, NewJob(owner, Policy(), originals(images), queue, **options))


def create_job(database: Database, job: NewJob, size: BatchSize = SIZE) -> UUID:
    """Submit a job in a transaction; its id. Raises AlreadySubmitted."""
    with database.transaction() as transaction:
        return write_job(transaction, job, size)


def dispatched(database: Database) -> list[UUID]:
    """Dispatch every batch in the outbox, as if Prefect accepted it; the batches' ids."""
    taken: list[UUID] = []

    def create(waiting: WaitingBatch) -> UUID:
        taken.append(waiting.batch_id)
        return new_id()

    while dispatch_waiting(database, create):
        pass
    return taken


def started(database: Database) -> list[Attempt]:
    """Dispatch and start every batch in the outbox; the attempts."""
    return [attempt for batch in dispatched(database) for attempt in attempts_of(database, batch)]


def attempts_of(database: Database, batch_id: UUID) -> Sequence[Attempt]:
    """Start a batch; the attempts at its images that can still be settled."""
    batch = start_batch(database, batch_id)
    assert batch is not None
    return batch.attempts


def result(key: str = "r", doubt: float = 0.25) -> Result:
    """A result with one destroyed face and one box below the threshold, in a picture of 100 by 50 pixels."""
    faces = np.array([[1, 2, 3, 4, 0.9], [5, 6, 7, 8, 0.2]], np.float32)
    choice = choose(faces, Policy(), 0.5, 100, 50)
    made_with = (Doubt(doubt, near_threshold=2), (NOTE,), Policy(), {"name": "m"}, 12.5)
    return Result(key, "image/jpeg", 10, "a", "b", 100, 50, (choice,), *made_with)

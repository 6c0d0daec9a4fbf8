"""retention: every hour, deletes what has reached the end of its retention time and returns the counts."""

from __future__ import annotations

import time
from collections import Counter
from typing import Annotated
from uuid import UUID

import structlog
from prefect import flow
from prefect.client.schemas.objects import State

from blurline.settings import load_settings
from blurline.storage.store import Store
from flows.form import titled
from flows.outcome import Outcome, completed, dashboard_link, run_name
from sql.deletion.object_removal import remove_objects
from sql.deletion.retention import (
    BATCH,
    Part,
    Terms,
    count_expired_parts,
    expire_audit_records,
    expire_part,
    expire_rows,
    list_expired_jobs,
    terms,
)
from sql.engine.database import Database
from sql.upkeep.housekeeping import note_success
from tasks.resources import database, store

log = structlog.get_logger()

_PARTS: tuple[Part, ...] = ("originals", "results")


class Budget:
    """How many images and how much time a run has left."""

    def __init__(self, images: int, max_s: float) -> None:
        self._images = images
        self._ends_at_s = time.monotonic() + max_s

    @property
    def is_spent(self) -> bool:
        """Whether the run has to stop."""
        return self._images <= 0 or self.is_late

    @property
    def is_late(self) -> bool:
        """Whether its time is used up."""
        return time.monotonic() >= self._ends_at_s

    @property
    def batch(self) -> int:
        """How many images the next transaction may take."""
        return min(BATCH, self._images)

    def take(self, images: int) -> None:
        """Subtract images that were processed."""
        self._images -= images


@flow(
    name="retention",
    flow_run_name=lambda: run_name("retention"),
    persist_result=False,
    retries=1,
    retry_delay_seconds=300,
)
def retention(
    dry_run: Annotated[bool, titled("Dry run", "Only count what would be deleted.")] = False,
    limit: Annotated[
        int, titled("Limit", "The most images to delete in this run; the rest waits for the next run.", gt=0)
    ] = 100_000,
    max_minutes: Annotated[
        float, titled("Minutes", "The longest time of this run; the next one continues.", gt=0)
    ] = 45,
) -> State[None]:
    """Delete originals, results, jobs and records at the end of their retention time.

    The times are `BLURLINE_KEEP_…_DAYS` and what jobs ask for. At most `limit` images; the rest waits for the next run.
    A dry run only counts, up to the limit.
    """
    kept = terms(load_settings())
    if dry_run:
        said = f"Would delete (dry run): {count_expired(database(), kept, limit)}."
    else:
        said = f"Deleted: {delete_expired(database(), store(), kept, limit, max_minutes * 60)}."
    return completed(Outcome(said, link=dashboard_link("system")))


def count_expired(database: Database, terms: Terms, limit: int) -> str:
    """The counts that a run would have, as a sentence."""
    counts = Counter[str]({part: count_expired_parts(database, part, terms, limit) for part in _PARTS})
    counts["jobs"] = len(list_expired_jobs(database, terms, (), limit))
    return _sentence(counts)


def delete_expired(database: Database, store: Store, terms: Terms, limit: int, max_s: float) -> str:
    """Do the flow's work and return its counts as a sentence.

    It first removes objects that an interrupted run has left. Rows are marked or deleted before their objects are
    removed, so that no row offers an object that is gone.
    """
    counts, budget = Counter[str](), Budget(limit, max_s)
    _remove(database, store, counts, budget)
    for part in _PARTS:
        while not budget.is_spent and (images := expire_part(database, part, terms, budget.batch)):
            counts[part] += images
            budget.take(images)
            _remove(database, store, counts, budget)
    _expire_jobs(database, terms, counts, budget)
    _remove(database, store, counts, budget)
    while not budget.is_spent and (records := expire_audit_records(database, terms)):
        counts["records"] += records
    is_complete = not budget.is_spent
    if is_complete:
        note_success(database, "retention", counts)
    log.info("retention_kept", is_complete=is_complete, **counts)
    return _sentence(counts) + ("" if is_complete else "; more is left for the next run")


def _expire_jobs(database: Database, terms: Terms, counts: Counter[str], budget: Budget) -> None:
    skipped: set[UUID] = set()
    while not budget.is_spent and (jobs := list_expired_jobs(database, terms, skipped, BATCH)):
        for job_id in jobs:
            while not budget.is_spent:
                expired = expire_rows(database, job_id, terms, budget.batch)
                counts["images"] += expired.images
                budget.take(expired.images)
                if expired.is_job_deleted:
                    counts["jobs"] += 1
                    break
                if not expired.images:
                    skipped.add(job_id)
                    break


def _remove(database: Database, store: Store, counts: Counter[str], budget: Budget) -> None:
    """Remove objects, beside the API's deleter threads. What those remove is not counted here."""
    while not budget.is_late and (done := remove_objects(database, store)).tried:
        counts["erased"] += done.removed
        counts["postponed"] += done.postponed


def _sentence(counts: Counter[str]) -> str:
    return ", ".join(f"{kind}: {count}" for kind, count in sorted(counts.items()) if count) or "nothing to do"

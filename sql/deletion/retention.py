"""Retention: deleting what has been kept for its time, in batches that are each a transaction of their own.

Rows say first that an object is gone, and a record says what the store is to be rid of; then it is removed
(`sql.deletion.object_removal`). Whatever breaks in between, the record is there, and the next run goes on from it.
Any number of runs may be at it at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Literal
from uuid import UUID

from blurline.settings import Settings
from sql.deletion.deletions import Doom, Patience, patience, write_deletion
from sql.deletion.legal_holds import OnHold, check_not_held
from sql.engine.database import Database, Transaction

BATCH = 200
BY_RETENTION = "retention"
"""Who has deleted it, in receipts."""

Part = Literal["originals", "results"]


@dataclass(frozen=True, slots=True)
class Terms:
    """How many days each is kept; None for ever. A job's own terms may be shorter."""

    originals_days: float | None
    results_days: float | None
    rows_days: float | None
    audit_days: float | None
    still: Patience


@dataclass(frozen=True, slots=True)
class ExpiredRows:
    """How many images were deleted, and whether their job went with the last of them."""

    images: int
    is_job_gone: bool


def terms(settings: Settings) -> Terms:
    """What the settings say."""
    return Terms(
        settings.keep_originals_days,
        settings.keep_results_days,
        settings.keep_rows_days,
        settings.keep_audit_days,
        patience(settings),
    )


def expire_part(database: Database, part: Part, terms: Terms, limit: int = BATCH) -> int:
    """Delete the originals, or the results, of some images whose time is over; of how many."""
    with database.transaction() as transaction:
        found = _expired(transaction, part, terms, limit)
        if not found:
            return 0
        jobs = {row["job_id"]: row for row in transaction.all("share_jobs", job_ids=sorted({job for _, job in found}))}
        marked = transaction.all(f"mark_{part}_expired", image_ids=[image for image, _ in found])
        for job_id, rows in groupby(sorted(marked, key=lambda row: row["job_id"]), key=lambda row: row["job_id"]):
            job = jobs[job_id]
            doom = Doom(job["owner"], job_id, None, BY_RETENTION, job["audit_days"], part, "expired")
            write_deletion(transaction, doom, [row["image_id"] for row in rows], terms.still)
    return len(marked)


def count_expired_parts(database: Database, part: Part, terms: Terms, limit: int) -> int:
    """Of how many images `expire_part` would delete it, up to ``limit``."""
    with database.transaction() as transaction:
        return len(_expired(transaction, part, terms, limit))


def list_expired_jobs(database: Database, terms: Terms, skip: Collection[UUID], limit: int) -> list[UUID]:
    """Jobs whose time is over, but for those to be skipped."""
    with database.transaction() as transaction:
        rows = transaction.all("expired_jobs", kept_days=terms.rows_days, skip=list(skip), limit=limit)
    return [row["job_id"] for row in rows]


def expire_rows(database: Database, job_id: UUID, terms: Terms, limit: int = BATCH) -> ExpiredRows:
    """Delete some images of a job whose time is over, with all that is left of them, and after the last one the job.

    None are deleted where something has come up since the job was found: a hold, a re-run.
    """
    nothing = ExpiredRows(0, is_job_gone=False)
    with database.transaction() as transaction:
        image_ids = [row["image_id"] for row in transaction.all("lock_images_to_expire", job_id=job_id, limit=limit)]
        job = transaction.one("lock_job", job_id=job_id)
        if job is None or transaction.one("is_job_expired", job_id=job_id, kept_days=terms.rows_days) is None:
            return nothing
        try:
            check_not_held(transaction, job_id)
        except OnHold:
            return nothing
        doom = Doom(job["owner"], job_id, None, BY_RETENTION, job["audit_days"], reason="expired")
        if image_ids:
            write_deletion(transaction, doom, image_ids, terms.still)
            transaction.run("delete_images", image_ids=image_ids)
        is_job_gone = len(image_ids) < limit
        if is_job_gone:
            transaction.run("delete_job", job_id=job_id)
            transaction.run("tell_of_deletion", owner=job["owner"], type="job.deleted", job_id=job_id, image_id=None)
    return ExpiredRows(len(image_ids), is_job_gone)


def forget_records(database: Database, terms: Terms, limit: int = BATCH) -> int:
    """Delete some records of what was deleted, and of holds, whose time is over; how many."""
    with database.transaction() as transaction:
        deletions = transaction.run("prune_deletions", kept_days=terms.audit_days, limit=limit)
        return deletions + transaction.run("prune_holds", kept_days=terms.audit_days, limit=limit)


def _expired(transaction: Transaction, part: Part, terms: Terms, limit: int) -> Sequence[tuple[UUID, UUID]]:
    kept_days = terms.originals_days if part == "originals" else terms.results_days
    rows = transaction.all(f"expired_{part}", kept_days=kept_days, limit=limit, **asdict(terms.still))
    return [(row["image_id"], row["job_id"]) for row in rows]

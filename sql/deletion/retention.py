"""Retention: expiring originals, results, rows and records at the end of their time, one transaction a batch.

A transaction first marks the object as gone and records what to remove; `sql.deletion.object_removal` then removes it.
After a crash in between, the next run continues from the record. Runs can overlap.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Literal
from uuid import UUID

from blurline.settings import Settings
from sql.deletion.deletions import GracePeriods, PendingDeletion, grace_periods, write_deletion
from sql.engine.database import Database, Transaction

BATCH = 200
BY_RETENTION = "retention"
"""The ``requested_by`` of receipts for expired images."""

Part = Literal["originals", "results"]

_FIND: dict[Part, str] = {"originals": "expired_originals", "results": "expired_results"}
_MARK: dict[Part, str] = {"originals": "mark_originals_expired", "results": "mark_results_expired"}


@dataclass(frozen=True, slots=True)
class Terms:
    """How many days each kind is kept; None for ever. A job's own terms may be shorter."""

    originals_days: float | None
    results_days: float | None
    rows_days: float | None
    audit_days: float | None
    grace: GracePeriods


@dataclass(frozen=True, slots=True)
class ExpiredRows:
    """How many images of a job were deleted, and whether the job itself was."""

    images: int
    is_job_deleted: bool


def terms(settings: Settings) -> Terms:
    """The terms that the settings give."""
    return Terms(
        settings.retention.originals_days,
        settings.retention.results_days,
        settings.retention.rows_days,
        settings.retention.audit_days,
        grace_periods(settings),
    )


def expire_part(database: Database, part: Part, terms: Terms, limit: int = BATCH) -> int:
    """Expire the originals, or the results, of up to ``limit`` images. Return how many."""
    with database.transaction() as transaction:
        found = _expired(transaction, part, terms, limit)
        if not found:
            return 0
        jobs = {row["job_id"]: row for row in transaction.all("share_jobs", job_ids=sorted({job for _, job in found}))}
        transaction.all("share_owners", job_ids=list(jobs))
        marked = transaction.all(_MARK[part], image_ids=[image for image, _ in found])
        for job_id, rows in groupby(sorted(marked, key=lambda row: row["job_id"]), key=lambda row: row["job_id"]):
            job = jobs[job_id]
            pending = PendingDeletion(job["owner"], job_id, None, BY_RETENTION, job["audit_days"], part, "expired")
            write_deletion(transaction, pending, [row["image_id"] for row in rows], terms.grace)
    return len(marked)


def count_expired_parts(database: Database, part: Part, terms: Terms, limit: int) -> int:
    """How many images `expire_part` would change, up to ``limit``."""
    with database.transaction() as transaction:
        return len(_expired(transaction, part, terms, limit))


def list_expired_jobs(database: Database, terms: Terms, skip: Collection[UUID], limit: int) -> list[UUID]:
    """Jobs whose rows have expired, without those in ``skip``."""
    with database.transaction() as transaction:
        return _expired_jobs(transaction, terms, skip=skip, limit=limit)


def expire_rows(database: Database, job_id: UUID, terms: Terms, limit: int = BATCH) -> ExpiredRows:
    """Delete up to ``limit`` images of an expired job with everything left of them, and with the last image the job.

    Deletes nothing when a hold, a re-run or a review has come up since the job was found.
    """
    nothing = ExpiredRows(0, is_job_deleted=False)
    with database.transaction() as transaction:
        image_ids = [row["image_id"] for row in transaction.all("lock_images_to_expire", job_id=job_id, limit=limit)]
        job = transaction.one("lock_job", job_id=job_id)
        transaction.all("share_owners", job_ids=[job_id])
        if job is None or not _expired_jobs(transaction, terms, job_id=job_id):  # once more, under the locks
            return nothing
        pending = PendingDeletion(job["owner"], job_id, None, BY_RETENTION, job["audit_days"], reason="expired")
        if image_ids:
            write_deletion(transaction, pending, image_ids, terms.grace)
            transaction.run("delete_images", image_ids=image_ids)
        is_job_deleted = len(image_ids) < limit
        if is_job_deleted:
            transaction.run("delete_job", job_id=job_id)
            transaction.run("add_deletion_event", owner=job["owner"], type="job.deleted", job_id=job_id, image_id=None)
    return ExpiredRows(len(image_ids), is_job_deleted)


def expire_audit_records(database: Database, terms: Terms, limit: int = BATCH) -> int:
    """Delete up to ``limit`` expired records of deletions and as many of released holds. Return how many."""
    with database.transaction() as transaction:
        deletions = transaction.run("expire_deletions", kept_days=terms.audit_days, limit=limit)
        holds = transaction.run("expire_holds", kept_days=terms.audit_days, limit=limit)
        return deletions + holds + transaction.run("expire_owner_holds", kept_days=terms.audit_days, limit=limit)


def _expired_jobs(
    transaction: Transaction, terms: Terms, job_id: UUID | None = None, skip: Collection[UUID] = (), limit: int = 1
) -> list[UUID]:
    rows = transaction.all("expired_jobs", job_id=job_id, kept_days=terms.rows_days, skip=list(skip), limit=limit)
    return [row["job_id"] for row in rows]


def _expired(transaction: Transaction, part: Part, terms: Terms, limit: int) -> Sequence[tuple[UUID, UUID]]:
    kept_days = terms.originals_days if part == "originals" else terms.results_days
    rows = transaction.all(_FIND[part], kept_days=kept_days, limit=limit, **asdict(terms.grace))
    return [(row["image_id"], row["job_id"]) for row in rows]

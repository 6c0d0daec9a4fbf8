"""Runs of retention with other terms, and re-runs of what it concerns."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from blurline.contract.reruns import BacklogRerunRequest
from blurline.ids import new_id
from blurline.settings import Settings
from flows.retention import delete_expired
from sql.deletion.deletions import GracePeriods
from sql.deletion.retention import Terms
from sql.jobs.submissions import BatchSize
from sql.reruns.reruns import RerunImages, rerun
from tests.stored_images import StoredImages

FOR_EVER = Terms(None, None, None, None, GracePeriods(attempt_s=2100, upload_s=900))
SIZE = BatchSize(24, 10**9)


def run_retention(stored_images: StoredImages, **days: float) -> str:
    """Run retention with these terms."""
    return delete_expired(stored_images.database, stored_images.store, replace(FOR_EVER, **days), 1000, 60)  # type: ignore[arg-type]


def rerun_job(stored_images: StoredImages, job_id: UUID) -> RerunImages:
    """Re-run the images of a job that have ended."""
    request = BacklogRerunRequest(states=["published", "failed"], job_id=job_id, dry_run=False)
    with stored_images.database.transaction() as transaction:
        return rerun(transaction, request, new_id(), SIZE, Settings())

"""Retention over the real database and store: what goes when, what is left alone, and what a broken run leaves."""

from __future__ import annotations

import threading
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from blurline.contract.reruns import BacklogRerunRequest
from blurline.errors import StoreUnavailable
from blurline.ids import new_id
from blurline.storage.inventory import Bucket
from blurline.storage.store import Store
from flows.retention import count_expired, delete_expired
from sql.deletion import object_removal
from sql.deletion.deletions import (
    GracePeriods,
    delete_image,
    delete_job,
    find_receipt,
    grace_periods,
    list_image_records,
)
from sql.deletion.legal_holds import OnHold, hold_image, hold_job, list_holds, release
from sql.deletion.object_removal import remove_objects
from sql.deletion.retention import Part, Terms, expire_part, expire_rows, list_expired_jobs, terms
from sql.engine.database import statement
from sql.jobs.attempts import approve, hold_for_review
from sql.jobs.submissions import BatchSize
from sql.reruns.reruns import RerunImages, rerun
from sql.review.reviews import OriginalGone, claim, correct_image
from sql.upkeep.consistency import inspect
from tests.api_requests import underway
from tests.clock import age
from tests.stored_images import Shelf
from tests.waiting import wait_for

FOR_EVER = Terms(None, None, None, None, GracePeriods(attempt_s=2100, upload_s=900))
PARTS: tuple[Part, ...] = ("originals", "results")
SIZE = BatchSize(24, 10**9)


def kept(shelf: Shelf, **days: float) -> str:
    """Run retention with these terms."""
    return delete_expired(shelf.database, shelf.store, replace(FOR_EVER, **days), 1000, 60)  # type: ignore[arg-type]


def counts(shelf: Shelf) -> tuple[int, int, int]:
    """Images, objects of originals, objects of results: with a thumbnail each, two an image."""
    ((images,),) = shelf.rows("SELECT count(*) FROM images")
    return int(str(images)), len(shelf.keys(Bucket.ORIGINALS)), len(shelf.keys(Bucket.RESULTS))


def reasons(shelf: Shelf) -> list[tuple[object, ...]]:
    return shelf.rows("SELECT original_gone_why, result_gone_why FROM images ORDER BY position")


def test_everything_is_kept_for_ever_by_default(shelf: Shelf) -> None:
    shelf.published(days_ago=10_000)
    assert terms(shelf.settings) == FOR_EVER
    assert kept(shelf) == "nothing to do"
    assert counts(shelf) == (1, 2, 2)


def test_originals_and_results_go_when_their_time_is_over(shelf: Shelf) -> None:
    shelf.published(2, days_ago=10)
    shelf.published(1, days_ago=2)
    assert count_expired(shelf.database, replace(FOR_EVER, originals_days=5), 100) == "originals: 2"
    assert kept(shelf, originals_days=5) == "erased: 2, originals: 2"
    assert counts(shelf) == (3, 2, 6)
    assert kept(shelf, originals_days=5, results_days=10) == "erased: 2, results: 2"
    assert counts(shelf) == (3, 2, 2)
    assert sorted(reasons(shelf), key=str) == [("expired", "expired"), ("expired", "expired"), (None, None)]
    for bucket in Bucket:
        assert inspect(shelf.database, shelf.store, bucket, 0).differences == 0


def test_rows_go_with_all_that_is_left_and_leave_a_record(shelf: Shelf) -> None:
    job_id = shelf.published(3, days_ago=10, originals_days=1)
    shelf.published(1, days_ago=2)
    assert kept(shelf, rows_days=7) == "erased: 6, images: 3, jobs: 1, originals: 3"
    assert counts(shelf) == (1, 2, 2)
    assert shelf.rows("SELECT 1 FROM jobs WHERE id = %s", job_id) == []
    ((deletion_id,),) = shelf.rows(
        "SELECT id FROM deletions JOIN deletion_grounds ON deletion_id = id WHERE job_id = %s AND parts = 'all'", job_id
    )
    assert isinstance(deletion_id, UUID)
    receipt = find_receipt(shelf.database, "ann", deletion_id)
    assert receipt is not None
    assert (receipt.images, receipt.requested_by, receipt.reason) == (3, "retention", "expired")
    assert receipt.completed_at is not None
    record = list_image_records(shelf.database, deletion_id)[0]
    assert record.confirmed_at is not None
    assert record.record["state"] == "published"
    assert record.record["result_sha256"]
    assert shelf.rows("SELECT type FROM events WHERE job_id = %s ORDER BY sequence DESC LIMIT 1", job_id) == [
        ("job.deleted",)
    ]


def test_a_job_may_ask_for_less_and_never_gets_more(shelf: Shelf) -> None:
    shelf.published(1, days_ago=3, originals_days=2, results_days=100)
    shelf.published(1, days_ago=3)
    assert kept(shelf) == "erased: 1, originals: 1"
    assert kept(shelf, results_days=2.5) == "erased: 2, results: 2"
    shelf.published(1, days_ago=3, rows_days=1)
    assert kept(shelf) == "erased: 1, images: 1, jobs: 1"


def test_time_begins_anew_with_a_new_result(shelf: Shelf) -> None:
    job_id = shelf.published(1, days_ago=10)
    rerun_job(shelf, job_id)
    shelf.publish()
    assert kept(shelf, originals_days=5, results_days=5, rows_days=5) == "nothing to do"


def test_what_somebody_is_at_is_left_alone(shelf: Shelf) -> None:
    under_way, waiting, reviewed = (shelf.published(1, days_ago=10) for _ in range(3))
    rerun_job(shelf, under_way)
    shelf.rows("UPDATE images SET state = 'needs_review' WHERE job_id = %s", waiting)
    ((image_id,),) = shelf.rows("SELECT id FROM images WHERE job_id = %s", reviewed)
    assert isinstance(image_id, UUID)
    claim(shelf.database, "rita", image_id)
    assert kept(shelf, originals_days=1, results_days=1) == "nothing to do"
    assert (
        kept(shelf, rows_days=1) == "erased: 1, images: 1, jobs: 1"
    )  # held, but nobody is at it: with its rows it goes
    assert shelf.rows("SELECT 1 FROM jobs WHERE id = %s", waiting) == []


def test_a_job_that_a_reviewer_has_come_to_since_it_was_found_stays(shelf: Shelf) -> None:
    job_id = shelf.published(1, days_ago=10)
    wanted = terms(shelf.settings.model_copy(update={"keep_rows_days": 5}))
    assert list_expired_jobs(shelf.database, wanted, [], 10) == [job_id]
    ((image_id,),) = shelf.rows("SELECT id FROM images")
    assert isinstance(image_id, UUID)
    claim(shelf.database, "rita", image_id)
    assert expire_rows(shelf.database, job_id, wanted).images == 0
    assert len(shelf.rows("SELECT 1 FROM images")) == 1


def test_two_processes_that_remove_objects_of_one_deletion_complete_it(shelf: Shelf) -> None:
    job_id = shelf.published(2, days_ago=1)
    delete_job(shelf.database, None, job_id, "ann", grace_periods(shelf.settings))
    shelf.rows("UPDATE deleted_images SET not_before = now(), again_at = NULL")
    with shelf.database.transaction() as transaction:
        rows = transaction.all("claim_deleted_images", limit=1)
        object_removal._finish(transaction, "finish_removal", rows, [0])
        other = threading.Thread(target=remove_objects, args=(shelf.database, shelf.store))
        other.start()
        wait_for("the other waits", lambda: shelf.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))
    other.join()
    assert shelf.rows("SELECT 1 FROM deleted_images") == []
    assert shelf.rows("SELECT completed_at IS NOT NULL FROM deletions") == [(True,)]


def test_what_was_never_finished_stays(shelf: Shelf) -> None:
    job_id = shelf.submit()
    shelf.age(job_id, 100)
    assert kept(shelf, originals_days=1, rows_days=1) == "nothing to do"


@pytest.mark.parametrize("outcome", ["retried", None])
def test_an_attempt_that_may_still_store_something_is_waited_for(shelf: Shelf, outcome: str | None) -> None:
    shelf.published(1, days_ago=1)
    shelf.rows("UPDATE attempts SET started_at = now(), outcome = %s", outcome)
    assert kept(shelf, originals_days=0.5) == "nothing to do"


def rerun_job(shelf: Shelf, job_id: UUID) -> RerunImages:
    request = BacklogRerunRequest(states=["published", "failed"], job_id=job_id, dry_run=False)
    with shelf.database.transaction() as transaction:
        return rerun(transaction, request, new_id(), SIZE)


def test_without_an_original_nothing_is_made_anew(shelf: Shelf) -> None:
    job_id = shelf.published(2, days_ago=10)
    (gone, _) = shelf.rows("SELECT id FROM images ORDER BY position")
    age(shelf.settings.database, "images", -timedelta(days=10), "position = 1")  # as if it had finished today
    kept(shelf, originals_days=5)
    images = rerun_job(shelf, job_id)
    assert (images.count, images.without_original) == (1, 1)
    assert isinstance(gone[0], UUID)
    with pytest.raises(OriginalGone):
        correct_image(shelf.database, "rita", gone[0], [], SIZE, note="", is_held=False)


def test_a_result_that_is_gone_comes_back_with_a_re_run_and_is_not_removed_late(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = shelf.published(1, days_ago=10)
    assert expire_part(shelf.database, "results", replace(FOR_EVER, results_days=5)) == 1
    assert reasons(shelf) == [(None, "expired")]
    assert rerun_job(shelf, job_id).count == 1
    shelf.publish()  # before the store is rid of the old one
    assert reasons(shelf) == [(None, None)]
    assert remove_objects(shelf.database, shelf.store) == 1
    assert counts(shelf) == (1, 2, 2)
    ((key,),) = shelf.rows("SELECT result_key FROM images")
    assert key in shelf.keys(Bucket.RESULTS)


def test_a_held_result_that_is_gone_cannot_be_approved(shelf: Shelf) -> None:
    shelf.published()
    ((image_id,),) = shelf.rows(
        "UPDATE images SET state = 'needs_review', result_gone_at = now(), result_gone_why = 'missing' RETURNING id"
    )
    assert isinstance(image_id, UUID)
    with shelf.database.transaction() as transaction:
        assert not approve(transaction, image_id)


@pytest.mark.parametrize("what", ["job", "image"])
def test_what_is_on_hold_is_deleted_by_nobody(shelf: Shelf, what: str) -> None:
    job_id = shelf.published(2, days_ago=10)
    ((first,), (second,)) = shelf.rows("SELECT id FROM images ORDER BY position")
    assert isinstance(first, UUID) and isinstance(second, UUID)
    grace = grace_periods(shelf.settings)
    placed = (
        hold_job(shelf.database, job_id, "complaint", "olga")
        if what == "job"
        else hold_image(shelf.database, first, "complaint", "olga")
    )
    assert placed is not None
    with pytest.raises(OnHold, match="An operator can release it"):
        delete_job(shelf.database, "ann", job_id, "ann", grace)
    with pytest.raises(OnHold):
        delete_image(shelf.database, None, first, "olga", grace)
    done = kept(shelf, originals_days=1, results_days=1, rows_days=1)
    assert done == ("nothing to do" if what == "job" else "erased: 2, originals: 1, results: 1")
    assert release(shelf.database, job_id if what == "job" else first, "omar") is not None
    assert "jobs: 1" in kept(shelf, originals_days=1, results_days=1, rows_days=1)
    (held,) = list_holds(shelf.database, job_id)
    assert (held.reason, held.placed_by, held.released_by) == ("complaint", "olga", "omar")


def test_another_hold_takes_the_place_of_the_one_in_force(shelf: Shelf) -> None:
    job_id = shelf.published()
    hold_job(shelf.database, job_id, "complaint", "olga")
    hold_job(shelf.database, job_id, "court order", "omar")
    told = [(each.reason, each.released_by) for each in list_holds(shelf.database, job_id)]
    assert told == [("complaint", "omar"), ("court order", None)]
    assert release(shelf.database, job_id, "olga") is not None
    assert release(shelf.database, job_id, "olga") is None


def test_a_hold_that_comes_while_retention_is_at_it_is_heeded(shelf: Shelf) -> None:
    """It is placed after the images were found, and before they are marked."""
    job_id = shelf.published(1, days_ago=10)
    due = replace(FOR_EVER, originals_days=1, rows_days=1)
    assert list_expired_jobs(shelf.database, due, (), 10) == [job_id]
    with shelf.database.transaction() as transaction:
        transaction.one("lock_job", job_id=job_id)
        counted: list[int] = []
        thread = threading.Thread(target=lambda: counted.append(expire_part(shelf.database, "originals", due)))
        thread.start()
        _wait_until_somebody_waits(shelf)
        transaction.one("insert_hold", id=new_id(), job_id=job_id, image_id=None, reason="late", placed_by="olga")
    thread.join()
    assert counted == [0]
    assert expire_rows(shelf.database, job_id, due).images == 0
    assert counts(shelf) == (1, 2, 2)


def _wait_until_somebody_waits(shelf: Shelf) -> None:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    wait_for("retention waits for the job", lambda: shelf.rows(waiting))


@pytest.mark.parametrize("part", PARTS)
def test_an_image_that_changes_after_the_snapshot_is_left_alone(shelf: Shelf, part: Part) -> None:
    """PostgreSQL checks a changed row once more before it locks it: the conditions must see the new columns."""
    changed, unchanged = (shelf.published(1, days_ago=10) for _ in "12")
    with psycopg.connect(shelf.settings.database) as connection, connection.cursor("snapshot") as cursor:
        due = {"kept_days": 1, "limit": 10, **asdict(FOR_EVER.grace)}
        cursor.execute(statement(f"expired_{part}"), due)  # takes the snapshot; rows are read by the fetch
        assert rerun_job(shelf, changed).count == 1
        assert [job_id for _, job_id in cursor.fetchall()] == [unchanged]


class _Broken(Exception):
    """The process died here."""


@pytest.mark.parametrize("step", ["before the store", "half-way in the store", "after the store"])
@pytest.mark.parametrize("days", [{"originals_days": 1}, {"results_days": 1}, {"rows_days": 1}])
def test_what_a_run_that_broke_has_left_the_next_one_finishes(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, step: str, days: dict[str, float]
) -> None:
    shelf.published(2, days_ago=10)
    real, calls = Store.remove_under, 0

    def remove(self: Store, bucket: Bucket, prefix: str) -> int:
        nonlocal calls
        calls += 1
        if step == "before the store" or (step == "half-way in the store" and calls > 1):
            raise _Broken
        return real(self, bucket, prefix)

    def finish(*_: Any) -> None:
        raise _Broken

    with monkeypatch.context() as breaking:
        breaking.setattr(Store, "remove_under", remove)
        if step == "after the store":
            breaking.setattr(object_removal, "_finish", finish)
        with pytest.raises(_Broken):
            kept(shelf, **days)
    for bucket in Bucket:
        assert inspect(shelf.database, shelf.store, bucket, -60).differences == 0
    assert shelf.rows("SELECT 1 FROM deletions WHERE completed_at IS NOT NULL") == []

    assert kept(shelf, **days) == "erased: 2"
    assert (
        counts(shelf)
        == {
            "originals_days": (2, 0, 4),
            "results_days": (2, 4, 0),
            "rows_days": (0, 0, 0),
        }[next(iter(days))]
    )
    assert shelf.rows("SELECT 1 FROM deletions WHERE completed_at IS NULL") == []
    assert shelf.rows("SELECT 1 FROM erasures WHERE confirmed_at IS NULL") == []


def test_what_the_store_still_has_is_not_confirmed(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.published(1, days_ago=10)
    with monkeypatch.context() as stubborn:
        stubborn.setattr(shelf.store._client, "remove_object", lambda *_: None)
        with pytest.raises(StoreUnavailable, match="still has"):
            kept(shelf, originals_days=1)
    assert shelf.rows("SELECT 1 FROM erasures WHERE confirmed_at IS NOT NULL") == []
    assert kept(shelf, originals_days=1) == "erased: 1"


def test_two_runs_at_once_do_it_once(shelf: Shelf) -> None:
    jobs = [shelf.published(3, days_ago=10) for _ in range(4)]
    faults: list[Exception] = []

    def run() -> None:
        try:
            kept(shelf, originals_days=1, results_days=1, rows_days=1)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept(shelf, originals_days=1, results_days=1, rows_days=1)  # what one has left to the other
    assert faults == []
    assert counts(shelf) == (0, 0, 0)
    deleted = "SELECT parts, sum(images)::int FROM deletions JOIN deletion_grounds ON deletion_id = id GROUP BY parts"
    images = {str(parts): count for parts, count in shelf.rows(deleted)}
    assert images.pop("all") == 12
    assert all(
        isinstance(count, int) and count <= 12 for count in images.values()
    )  # or less work: rows may have gone before
    told = shelf.rows("SELECT job_id FROM events WHERE type = 'job.deleted'")
    assert sorted(str(job_id) for (job_id,) in told) == sorted(map(str, jobs))


def test_a_large_job_goes_in_batches(shelf: Shelf) -> None:
    job_id = shelf.published(5, days_ago=10)
    due = replace(FOR_EVER, rows_days=1)
    assert [
        (gone.images, gone.is_job_deleted) for gone in (expire_rows(shelf.database, job_id, due, 2) for _ in "123")
    ] == [
        (2, False),
        (2, False),
        (1, True),
    ]


def test_a_run_ends_at_its_limit_and_says_that_more_is_left(shelf: Shelf) -> None:
    shelf.published(5, days_ago=10)
    shelf.rows("DELETE FROM housekeeping WHERE flow = 'retention'")
    due = replace(FOR_EVER, originals_days=1)
    assert delete_expired(shelf.database, shelf.store, due, 3, 60).endswith("more is left for the next run")
    assert shelf.rows("SELECT 1 FROM housekeeping WHERE flow = 'retention'") == []
    assert delete_expired(shelf.database, shelf.store, due, 10, 0).endswith("more is left for the next run")
    assert delete_expired(shelf.database, shelf.store, due, 10, 60) == "erased: 2, originals: 2"
    assert shelf.rows("SELECT counts ->> 'originals' FROM housekeeping WHERE flow = 'retention'") == [("2",)]


def test_records_and_released_holds_go_last(shelf: Shelf) -> None:
    job_id, other = shelf.published(1, days_ago=10, audit_days=3), shelf.published(1, days_ago=10)
    hold_job(shelf.database, job_id, "complaint", "olga")
    release(shelf.database, job_id, "olga")
    kept(shelf, rows_days=1)
    for table in ("deletions", "holds"):
        age(shelf.settings.database, table, timedelta(days=5))
    assert kept(shelf) == "records: 1"
    assert shelf.rows("SELECT job_id FROM deletions") == [(other,)]
    assert kept(shelf, audit_days=4) == "records: 2"
    assert shelf.rows("SELECT 1 FROM erasures") == shelf.rows("SELECT 1 FROM holds") == []


def test_an_image_that_is_held_without_a_result_is_left_alone(shelf: Shelf) -> None:
    job_id = shelf.submit()
    (attempt,) = underway(shelf.database, shelf.settings)
    with shelf.database.transaction() as transaction:
        hold_for_review(transaction, attempt, "output_check_failed", "No.")
    shelf.age(job_id, 10)
    assert kept(shelf, originals_days=1, results_days=1) == "nothing to do"

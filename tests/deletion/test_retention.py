"""Retention over the real database and store: what expires when, what is excepted, and how a run recovers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from blurline.ids import new_id
from blurline.storage.inventory import ImageBucket
from blurline.storage.store import Removal, Store
from flows.retention import count_expired, delete_expired
from sql.deletion import object_removal, retention
from sql.deletion.deletions import (
    delete_image,
    delete_job,
    find_receipt,
    grace_periods,
    list_image_records,
)
from sql.deletion.legal_holds import OnHold, hold_image, hold_job, list_holds, release
from sql.deletion.object_removal import remove_objects
from sql.deletion.retention import Part, expire_part, expire_rows, list_expired_jobs, terms
from sql.engine.database import Transaction, statement
from sql.jobs.settlement import approve, send_to_review
from sql.review.reviews import OriginalGone, claim, correct_image
from sql.upkeep.consistency import inspect
from tests.api_requests import underway
from tests.clock import age
from tests.deletion.retention_runs import FOR_EVER, SIZE, rerun_job, run_retention
from tests.stored_images import StoredImages
from tests.waiting import wait_for

PARTS: tuple[Part, ...] = ("originals", "results")


def counts(stored_images: StoredImages) -> tuple[int, int, int]:
    """The numbers of images, objects of originals and objects of results; with a thumbnail each, two per image."""
    ((images,),) = stored_images.rows("SELECT count(*) FROM images")
    return (
        int(str(images)),
        len(stored_images.keys(ImageBucket.ORIGINALS)),
        len(stored_images.keys(ImageBucket.RESULTS)),
    )


def reasons(stored_images: StoredImages) -> list[tuple[object, ...]]:
    return stored_images.rows("SELECT original_gone_why, result_gone_why FROM images ORDER BY position")


def test_nothing_expires_by_default(stored_images: StoredImages) -> None:
    stored_images.published(days_ago=10_000)
    assert terms(stored_images.settings) == FOR_EVER
    assert run_retention(stored_images) == "nothing to do"
    assert counts(stored_images) == (1, 2, 2)


def test_originals_and_results_expire_after_their_time(stored_images: StoredImages) -> None:
    stored_images.published(2, days_ago=10)
    stored_images.published(1, days_ago=2)
    assert count_expired(stored_images.database, replace(FOR_EVER, originals_days=5), 100) == "originals: 2"
    assert run_retention(stored_images, originals_days=5) == "erased: 2, originals: 2"
    assert counts(stored_images) == (3, 2, 6)
    assert run_retention(stored_images, originals_days=5, results_days=10) == "erased: 2, results: 2"
    assert counts(stored_images) == (3, 2, 2)
    assert sorted(reasons(stored_images), key=str) == [("expired", "expired"), ("expired", "expired"), (None, None)]
    for bucket in ImageBucket:
        assert inspect(stored_images.database, stored_images.store, bucket, 0).differences == 0


def test_rows_expire_with_their_objects_and_leave_a_record(stored_images: StoredImages) -> None:
    job_id = stored_images.published(3, days_ago=10, originals_days=1)
    stored_images.published(1, days_ago=2)
    assert run_retention(stored_images, rows_days=7) == "erased: 6, images: 3, jobs: 1, originals: 3"
    assert counts(stored_images) == (1, 2, 2)
    assert stored_images.rows("SELECT 1 FROM jobs WHERE id = %s", job_id) == []
    ((deletion_id,),) = stored_images.rows(
        "SELECT id FROM deletions JOIN deletion_grounds ON deletion_id = id WHERE job_id = %s AND parts = 'all'", job_id
    )
    assert isinstance(deletion_id, UUID)
    receipt = find_receipt(stored_images.database, "ann", deletion_id)
    assert receipt is not None
    assert (receipt.images, receipt.requested_by, receipt.reason) == (3, "retention", "expired")
    assert receipt.completed_at is not None
    record = list_image_records(stored_images.database, deletion_id)[0]
    assert record.confirmed_at is not None
    assert record.record["state"] == "published"
    assert record.record["result_sha256"]
    assert stored_images.rows("SELECT type FROM events WHERE job_id = %s ORDER BY sequence DESC LIMIT 1", job_id) == [
        ("job.deleted",)
    ]


def test_a_job_may_shorten_retention_and_never_extend_it(stored_images: StoredImages) -> None:
    stored_images.published(1, days_ago=3, originals_days=2, results_days=100)
    stored_images.published(1, days_ago=3)
    assert run_retention(stored_images) == "erased: 1, originals: 1"
    assert run_retention(stored_images, results_days=2.5) == "erased: 2, results: 2"
    stored_images.published(1, days_ago=3, rows_days=1)
    assert run_retention(stored_images) == "erased: 1, images: 1, jobs: 1"


def test_a_new_result_restarts_retention(stored_images: StoredImages) -> None:
    job_id = stored_images.published(1, days_ago=10)
    rerun_job(stored_images, job_id)
    stored_images.publish()
    assert run_retention(stored_images, originals_days=5, results_days=5, rows_days=5) == "nothing to do"


def test_images_under_way_or_in_review_do_not_expire(stored_images: StoredImages) -> None:
    under_way, waiting, reviewed = (stored_images.published(1, days_ago=10) for _ in range(3))
    rerun_job(stored_images, under_way)
    stored_images.rows("UPDATE images SET state = 'needs_review' WHERE job_id = %s", waiting)
    ((image_id,),) = stored_images.rows("SELECT id FROM images WHERE job_id = %s", reviewed)
    assert isinstance(image_id, UUID)
    claim(stored_images.database, "rita", image_id)
    assert run_retention(stored_images, originals_days=1, results_days=1) == "nothing to do"
    assert (
        run_retention(stored_images, rows_days=1) == "erased: 1, images: 1, jobs: 1"
    )  # held without a claim: it expires with its rows
    assert stored_images.rows("SELECT 1 FROM jobs WHERE id = %s", waiting) == []


def test_a_job_claimed_by_a_reviewer_after_it_was_found_does_not_expire(stored_images: StoredImages) -> None:
    job_id = stored_images.published(1, days_ago=10)
    wanted = terms(stored_images.settings.replace(keep_rows_days=5))
    assert list_expired_jobs(stored_images.database, wanted, [], 10) == [job_id]
    ((image_id,),) = stored_images.rows("SELECT id FROM images")
    assert isinstance(image_id, UUID)
    claim(stored_images.database, "rita", image_id)
    assert expire_rows(stored_images.database, job_id, wanted).images == 0
    assert len(stored_images.rows("SELECT 1 FROM images")) == 1


def test_two_processes_that_remove_objects_of_one_deletion_complete_it(stored_images: StoredImages) -> None:
    job_id = stored_images.published(2, days_ago=1)
    delete_job(stored_images.database, None, job_id, "ann", grace_periods(stored_images.settings))
    stored_images.rows("UPDATE deleted_images SET not_before = now(), again_at = NULL")
    with stored_images.database.transaction() as transaction:
        rows = transaction.all("claim_deleted_images", limit=1)
        object_removal._finish(transaction, "finish_removal", [(row, Removal()) for row in rows])
        other = threading.Thread(target=remove_objects, args=(stored_images.database, stored_images.store))
        other.start()
        wait_for("the other waits", lambda: stored_images.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))
    other.join()
    assert stored_images.rows("SELECT 1 FROM deleted_images") == []
    assert stored_images.rows("SELECT completed_at IS NOT NULL FROM deletions") == [(True,)]


def test_an_unfinished_job_does_not_expire(stored_images: StoredImages) -> None:
    job_id = stored_images.submit()
    stored_images.age(job_id, 100)
    assert run_retention(stored_images, originals_days=1, rows_days=1) == "nothing to do"


@pytest.mark.parametrize("outcome", ["retried", None])
def test_retention_waits_for_an_attempt_that_may_still_store_a_result(
    stored_images: StoredImages, outcome: str | None
) -> None:
    stored_images.published(1, days_ago=1)
    stored_images.rows("UPDATE attempts SET started_at = now(), outcome = %s", outcome)
    assert run_retention(stored_images, originals_days=0.5) == "nothing to do"


def test_an_image_without_its_original_is_not_re_run(stored_images: StoredImages) -> None:
    job_id = stored_images.published(2, days_ago=10)
    (gone, _) = stored_images.rows("SELECT id FROM images ORDER BY position")
    age(
        stored_images.settings.database.conninfo, "images", -timedelta(days=10), "position = 1"
    )  # as if it had finished today
    run_retention(stored_images, originals_days=5)
    images = rerun_job(stored_images, job_id)
    assert (images.count, images.without_original) == (1, 1)
    assert isinstance(gone[0], UUID)
    with pytest.raises(OriginalGone):
        correct_image(stored_images.database, "rita", gone[0], [], SIZE, note="", is_held=False)


def test_a_re_run_restores_an_expired_result_which_is_not_removed_late(
    stored_images: StoredImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = stored_images.published(1, days_ago=10)
    assert expire_part(stored_images.database, "results", replace(FOR_EVER, results_days=5)) == 1
    assert reasons(stored_images) == [(None, "expired")]
    assert rerun_job(stored_images, job_id).count == 1
    stored_images.publish()  # before the old result is removed from the store
    assert reasons(stored_images) == [(None, None)]
    assert remove_objects(stored_images.database, stored_images.store).removed == 1
    assert counts(stored_images) == (1, 2, 2)
    ((key,),) = stored_images.rows("SELECT result_key FROM images")
    assert key in stored_images.keys(ImageBucket.RESULTS)


def test_a_missing_result_cannot_be_approved(stored_images: StoredImages) -> None:
    stored_images.published()
    ((image_id,),) = stored_images.rows(
        "UPDATE images SET state = 'needs_review', result_gone_at = now(), result_gone_why = 'missing' RETURNING id"
    )
    assert isinstance(image_id, UUID)
    with stored_images.database.transaction() as transaction:
        assert not approve(transaction, image_id)


@pytest.mark.parametrize("what", ["job", "image"])
def test_nobody_can_delete_what_is_on_legal_hold(stored_images: StoredImages, what: str) -> None:
    job_id = stored_images.published(2, days_ago=10)
    ((first,), (second,)) = stored_images.rows("SELECT id FROM images ORDER BY position")
    assert isinstance(first, UUID) and isinstance(second, UUID)
    grace = grace_periods(stored_images.settings)
    placed = (
        hold_job(stored_images.database, job_id, "complaint", "olga")
        if what == "job"
        else hold_image(stored_images.database, first, "complaint", "olga")
    )
    assert placed is not None
    with pytest.raises(OnHold, match="Ask an operator to release the hold"):
        delete_job(stored_images.database, "ann", job_id, "ann", grace)
    with pytest.raises(OnHold):
        delete_image(stored_images.database, None, first, "olga", grace)
    done = run_retention(stored_images, originals_days=1, results_days=1, rows_days=1)
    assert done == ("nothing to do" if what == "job" else "erased: 2, originals: 1, results: 1")
    assert release(stored_images.database, job_id if what == "job" else first, "omar") is not None
    assert "jobs: 1" in run_retention(stored_images, originals_days=1, results_days=1, rows_days=1)
    (held,) = list_holds(stored_images.database, job_id)
    assert (held.reason, held.placed_by, held.released_by) == ("complaint", "olga", "omar")


def test_a_new_hold_replaces_the_one_in_force(stored_images: StoredImages) -> None:
    job_id = stored_images.published()
    hold_job(stored_images.database, job_id, "complaint", "olga")
    hold_job(stored_images.database, job_id, "court order", "omar")
    told = [(each.reason, each.released_by) for each in list_holds(stored_images.database, job_id)]
    assert told == [("complaint", "omar"), ("court order", None)]
    assert release(stored_images.database, job_id, "olga") is not None
    assert release(stored_images.database, job_id, "olga") is None


def test_retention_respects_a_hold_placed_while_it_runs(stored_images: StoredImages) -> None:
    """The hold is placed after the images were found and before they are marked."""
    job_id = stored_images.published(1, days_ago=10)
    due = replace(FOR_EVER, originals_days=1, rows_days=1)
    assert list_expired_jobs(stored_images.database, due, (), 10) == [job_id]
    with stored_images.database.transaction() as transaction:
        transaction.one("lock_job", job_id=job_id)
        counted: list[int] = []
        thread = threading.Thread(target=lambda: counted.append(expire_part(stored_images.database, "originals", due)))
        thread.start()
        _wait_until_retention_waits(stored_images)
        transaction.one("insert_hold", id=new_id(), job_id=job_id, image_id=None, reason="late", placed_by="olga")
    thread.join()
    assert counted == [0]
    assert expire_rows(stored_images.database, job_id, due).images == 0
    assert counts(stored_images) == (1, 2, 2)


def _wait_until_retention_waits(stored_images: StoredImages) -> None:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    wait_for("retention waits for the job", lambda: stored_images.rows(waiting))


@pytest.mark.parametrize("part", PARTS)
def test_an_image_that_changes_after_the_snapshot_is_left_alone(stored_images: StoredImages, part: Part) -> None:
    """PostgreSQL checks a changed row once more before it locks it: the conditions must see the new columns."""
    changed, unchanged = (stored_images.published(1, days_ago=10) for _ in "12")
    with (
        psycopg.connect(stored_images.settings.database.conninfo) as connection,
        connection.cursor("snapshot") as cursor,
    ):
        due = {"kept_days": 1, "limit": 10, **asdict(FOR_EVER.grace)}
        cursor.execute(statement(f"expired_{part}"), due)  # takes the snapshot; rows are read by the fetch
        assert rerun_job(stored_images, changed).count == 1
        assert [job_id for _, job_id in cursor.fetchall()] == [unchanged]


class _Broken(Exception):
    """The simulated end of the process."""


@pytest.mark.parametrize("step", ["before the store", "half-way in the store", "after the store"])
@pytest.mark.parametrize("days", [{"originals_days": 1}, {"results_days": 1}, {"rows_days": 1}])
def test_the_next_run_finishes_what_an_interrupted_one_left(
    stored_images: StoredImages, monkeypatch: pytest.MonkeyPatch, step: str, days: dict[str, float]
) -> None:
    stored_images.published(2, days_ago=10)
    real, calls = Store.remove_under, 0

    def remove(self: Store, bucket: ImageBucket, prefix: str) -> Removal:
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
            run_retention(stored_images, **days)
    for bucket in ImageBucket:
        assert inspect(stored_images.database, stored_images.store, bucket, -60).differences == 0
    assert stored_images.rows("SELECT 1 FROM deletions WHERE completed_at IS NOT NULL") == []

    assert run_retention(stored_images, **days) == "erased: 2"
    assert (
        counts(stored_images)
        == {
            "originals_days": (2, 0, 4),
            "results_days": (2, 4, 0),
            "rows_days": (0, 0, 0),
        }[next(iter(days))]
    )
    assert stored_images.rows("SELECT 1 FROM deletions WHERE completed_at IS NULL") == []
    assert stored_images.rows("SELECT 1 FROM erasures WHERE confirmed_at IS NULL") == []


def test_a_removal_is_not_confirmed_while_the_store_still_has_the_object(
    stored_images: StoredImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_images.published(1, days_ago=10)
    with monkeypatch.context() as stubborn:
        stubborn.setattr(stored_images.store._client, "remove_object", lambda *_: None)
        assert run_retention(stored_images, originals_days=1) == "originals: 1, postponed: 1"
    assert stored_images.rows("SELECT 1 FROM erasures WHERE confirmed_at IS NOT NULL") == []
    ((error,),) = stored_images.rows("SELECT last_error FROM removal_failures")
    assert "still has" in str(error)
    age(stored_images.settings.database.conninfo, "removal_failures", timedelta(hours=1))
    assert run_retention(stored_images, originals_days=1) == "erased: 1"


def test_two_concurrent_runs_expire_everything_once(stored_images: StoredImages) -> None:
    jobs = [stored_images.published(3, days_ago=10) for _ in range(4)]
    faults: list[Exception] = []

    def run() -> None:
        try:
            run_retention(stored_images, originals_days=1, results_days=1, rows_days=1)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run_retention(stored_images, originals_days=1, results_days=1, rows_days=1)  # what one run left to the other
    assert faults == []
    assert counts(stored_images) == (0, 0, 0)
    deleted = "SELECT parts, sum(images)::int FROM deletions JOIN deletion_grounds ON deletion_id = id GROUP BY parts"
    images = {str(parts): count for parts, count in stored_images.rows(deleted)}
    assert images.pop("all") == 12
    assert all(
        isinstance(count, int) and count <= 12 for count in images.values()
    )  # or less: rows may have expired before
    told = stored_images.rows("SELECT job_id FROM events WHERE type = 'job.deleted'")
    assert sorted(str(job_id) for (job_id,) in told) == sorted(map(str, jobs))


@pytest.mark.parametrize("part", PARTS)
def test_what_another_run_expires_between_search_and_lock_is_recorded_once(
    stored_images: StoredImages, monkeypatch: pytest.MonkeyPatch, part: Part
) -> None:
    stored_images.published(3, days_ago=10)
    search = retention._expired

    def overtaken(transaction: Transaction, *given: Any) -> Sequence[tuple[UUID, UUID]]:
        monkeypatch.setattr(retention, "_expired", search)
        with stored_images.database.transaction() as earlier:
            found = search(earlier, *given)
        assert expire_part(stored_images.database, part, wanted) == len(found) == 3
        return found

    wanted = retention.Terms(1, 1, None, None, grace_periods(stored_images.settings))
    monkeypatch.setattr(retention, "_expired", overtaken)
    assert expire_part(stored_images.database, part, wanted) == 0
    assert stored_images.rows("SELECT images::int FROM deletions") == [(3,)]


def test_a_large_job_expires_in_batches(stored_images: StoredImages) -> None:
    job_id = stored_images.published(5, days_ago=10)
    due = replace(FOR_EVER, rows_days=1)
    assert [
        (gone.images, gone.is_job_deleted)
        for gone in (expire_rows(stored_images.database, job_id, due, 2) for _ in "123")
    ] == [
        (2, False),
        (2, False),
        (1, True),
    ]


def test_a_run_stops_at_its_limit_and_says_that_more_is_left(stored_images: StoredImages) -> None:
    stored_images.published(5, days_ago=10)
    stored_images.rows("DELETE FROM housekeeping WHERE flow = 'retention'")
    due = replace(FOR_EVER, originals_days=1)
    assert delete_expired(stored_images.database, stored_images.store, due, 3, 60).endswith(
        "more is left for the next run"
    )
    assert stored_images.rows("SELECT 1 FROM housekeeping WHERE flow = 'retention'") == []
    assert delete_expired(stored_images.database, stored_images.store, due, 10, 0).endswith(
        "more is left for the next run"
    )
    assert delete_expired(stored_images.database, stored_images.store, due, 10, 60) == "erased: 2, originals: 2"
    assert stored_images.rows("SELECT counts ->> 'originals' FROM housekeeping WHERE flow = 'retention'") == [("2",)]


def test_records_and_released_holds_expire_last(stored_images: StoredImages) -> None:
    job_id, other = stored_images.published(1, days_ago=10, audit_days=3), stored_images.published(1, days_ago=10)
    hold_job(stored_images.database, job_id, "complaint", "olga")
    release(stored_images.database, job_id, "olga")
    run_retention(stored_images, rows_days=1)
    for table in ("deletions", "holds"):
        age(stored_images.settings.database.conninfo, table, timedelta(days=5))
    assert run_retention(stored_images) == "records: 1"
    assert stored_images.rows("SELECT job_id FROM deletions") == [(other,)]
    assert run_retention(stored_images, audit_days=4) == "records: 2"
    assert stored_images.rows("SELECT 1 FROM erasures") == stored_images.rows("SELECT 1 FROM holds") == []


def test_an_image_in_review_without_a_result_does_not_expire(stored_images: StoredImages) -> None:
    job_id = stored_images.submit()
    (attempt,) = underway(stored_images.database, stored_images.settings)
    with stored_images.database.transaction() as transaction:
        send_to_review(transaction, attempt, "output_check_failed", "No.")
    stored_images.age(job_id, 10)
    assert run_retention(stored_images, originals_days=1, results_days=1) == "nothing to do"

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from blurline.contract.reruns import BacklogRerunRequest
from blurline.errors import DatabaseUnavailable
from blurline.ids import new_id
from blurline.orchestration.flow_runs import PrefectUnavailable
from blurline.policy import Policy, Style
from blurline.settings import Settings
from sql.engine.database import Database
from sql.jobs.attempts import NeedsNewerWorker
from sql.jobs.job_queries import JobFilter, find_image, find_job, list_detections, list_images_of_job, list_jobs
from sql.jobs.outbox import WaitingBatch, dispatch_waiting
from sql.jobs.publishing import ReviewReason, publish
from sql.jobs.retries import retry_or_fail
from sql.jobs.settlement import approve, fail, send_to_review
from sql.jobs.submissions import AlreadySubmitted, Member, NewJob, Original, split
from sql.reruns.reruns import cancel_attempts_of_job, rerun
from tests.clock import age
from tests.factories import RETRY_POLICY, SIZE, add_job, attempts_of, create_job, dispatched, originals, result, started


@pytest.fixture
def job(database: Database) -> UUID:
    return add_job(database)


def test_a_held_result_waits_for_its_approval(database: Database, job: UUID) -> None:
    (attempt,) = started(database)
    with database.transaction() as transaction:
        assert publish(transaction, attempt, result(), ReviewReason("doubtful", "Look at it.")).is_won
    image = find_image(database, "ann", attempt.image_id)
    assert image is not None
    assert (image.state, image.error_code, image.result_key) == ("needs_review", "doubtful", "r")
    assert image.doubt == pytest.approx(0.25)
    assert image.doubt_reasons == {"near_threshold": 2}
    assert (image.frames, [note["code"] for note in image.notes]) == (1, ["cmyk_converted"])
    with database.transaction() as transaction:
        assert approve(transaction, attempt.image_id)
        assert not approve(transaction, attempt.image_id)
    image = find_image(database, "ann", attempt.image_id)
    assert image is not None
    assert (image.state, image.error_code) == ("published", None)


def test_an_image_held_without_a_result_cannot_be_approved(database: Database, job: UUID) -> None:
    (attempt,) = started(database)
    with database.transaction() as transaction:
        assert send_to_review(transaction, attempt, "output_check_failed", "A face shows.")
        assert not approve(transaction, attempt.image_id)


def test_a_published_image_has_its_detections(database: Database, job: UUID) -> None:
    (attempt,) = started(database)
    with database.transaction() as transaction:
        assert publish(transaction, attempt, result()).is_won
    image = find_image(database, "ann", attempt.image_id)
    assert image is not None
    assert (image.state, image.faces, image.result_key, image.width_px) == ("published", 1, "r", 100)
    assert image.result_attempt_id is not None
    boxes = list_detections(database, image.result_attempt_id)
    assert [(box.x1, box.destroyed) for box in boxes] == [(1, True), (5, False)]
    row = find_job(database, "ann", job)
    assert row is not None
    assert (row.images, row.published, row.queued) == (1, 1, 0)


def test_a_duplicated_attempt_publishes_once(database: Database, job: UUID) -> None:
    """Also if its worker never learned of the commit: it finds its own result and recognises it."""
    (attempt,) = started(database)
    barrier = threading.Barrier(4)
    outcomes = []

    def race(key: str) -> None:
        barrier.wait()
        with database.transaction() as transaction:
            outcomes.append(publish(transaction, attempt, result(key)))

    racers = [threading.Thread(target=race, args=(f"r{at}",)) for at in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert all(outcome.is_won for outcome in outcomes)
    image = find_image(database, None, attempt.image_id)
    assert image is not None
    assert len(list_detections(database, attempt.id)) == 2, "written once"


def test_a_late_attempt_changes_nothing(database: Database, job: UUID) -> None:
    (late,) = started(database)
    with database.transaction() as transaction:
        retry_or_fail(transaction, [late.id], "crashed", "worker died", RETRY_POLICY)
    (current,) = started(database)
    assert current.number == 2
    with database.transaction() as transaction:
        assert not publish(transaction, late, result("late")).is_won
        assert not fail(transaction, late, "x", "late")
        assert publish(transaction, current, result("current")).is_won
        assert not fail(transaction, current, "x", "after the end")
    image = find_image(database, None, current.image_id)
    assert image is not None
    assert (image.state, image.result_key, image.error_code) == ("published", "current", None)


def test_the_image_fails_with_the_reason_after_its_last_attempt(database: Database, job: UUID) -> None:
    for number in (1, 2, 3):
        (attempt,) = started(database)
        assert attempt.number == number
        with database.transaction() as transaction:
            retry_or_fail(transaction, [attempt.id], "crashed", "worker died", RETRY_POLICY)
            retry_or_fail(transaction, [attempt.id], "crashed", "said twice", RETRY_POLICY)
    assert not dispatched(database)
    image = find_image(database, None, attempt.image_id)
    assert image is not None
    assert (image.state, image.error_code) == ("failed", "crashed")
    assert image.error_message == "worker died (given up after 3 attempts)"


def test_an_outage_does_not_use_up_the_attempts(database: Database, job: UUID) -> None:
    for code in ["store_unavailable"] * 8 + ["crashed"] * 2:
        (attempt,) = started(database)
        with database.transaction() as transaction:
            retry_or_fail(transaction, [attempt.id], code, "away", RETRY_POLICY)
    (attempt,) = started(database)
    with database.transaction() as transaction:
        retry_or_fail(transaction, [attempt.id], "crashed", "the third time", RETRY_POLICY)
    image = find_image(database, None, attempt.image_id)
    assert image is not None
    assert (image.state, image.error_code) == ("failed", "crashed")


def test_publishing_returns_the_key_of_the_replaced_result(database: Database, job: UUID) -> None:
    (attempt,) = started(database)
    with database.transaction() as transaction:
        publish(transaction, attempt, result("first"))
        request = BacklogRerunRequest(states=["published"], policy=Policy(style=Style.SOLID), dry_run=False)
        rerun(transaction, request, new_id(), SIZE, Settings())
    (again,) = started(database)
    with database.transaction() as transaction:
        assert publish(transaction, again, result("second")).replaced_key == "first"


def test_settling_and_cancelling_concurrently_never_deadlock(database: Database) -> None:
    job_id = add_job(database, 40, queue="backlog")
    attempts = started(database)
    faults: list[Exception] = []

    def settle() -> None:
        try:
            with database.transaction() as transaction:
                for attempt in attempts:
                    publish(transaction, attempt, result())
        except Exception as error:
            faults.append(error)

    racer = threading.Thread(target=settle)
    racer.start()
    cancel_attempts_of_job(database, job_id)
    racer.join()
    assert not faults
    row = find_job(database, None, job_id)
    assert row is not None
    assert row.published + row.failed == 40


def test_an_image_held_without_a_result_has_no_result_key(database: Database, job: UUID) -> None:
    (attempt,) = started(database)
    with database.transaction() as transaction:
        assert send_to_review(transaction, attempt, "output_check_failed", "not destroyed")
    image = find_image(database, None, attempt.image_id)
    assert image is not None
    assert (image.state, image.result_key) == ("needs_review", None)


def test_a_settled_attempt_is_not_started_again(database: Database, job: UUID) -> None:
    (batch_id,) = dispatched(database)
    (attempt,) = attempts_of(database, batch_id)
    with database.transaction() as transaction:
        publish(transaction, attempt, result())
    assert attempts_of(database, batch_id) == ()


def test_an_upload_is_submitted_once(database: Database) -> None:
    given = originals(2)
    create_job(database, NewJob("ann", Policy(), given, "interactive"))
    again = [Original("x", given[0].key, "etag", 1)]
    with pytest.raises(AlreadySubmitted):
        create_job(database, NewJob("ann", Policy(), again, "interactive"))
    assert len(list_jobs(database, JobFilter("ann"), 10)) == 1


def test_owners_see_their_own(database: Database, job: UUID) -> None:
    assert find_job(database, "bob", job) is None
    assert list_jobs(database, JobFilter("bob"), 10) == []
    (image,) = list_images_of_job(database, job, 10)
    assert find_image(database, "bob", image.id) is None
    assert find_image(database, None, image.id) is not None


def test_a_large_job_is_written_in_few_statements(database: Database) -> None:
    job_id = add_job(database, 5000, queue="backlog")
    assert len(dispatched(database)) == 500
    page = list_images_of_job(database, job_id, 100, cursor=4949)
    assert [image.position for image in page] == list(range(4950, 5000))


def test_batches_are_limited_in_images_and_bytes_and_keep_the_order() -> None:
    members = [Member(new_id(), size) for size in [400_000] * 5 + [3_000_000] + [1] * 45]
    groups = list(split(members, SIZE))
    assert [member for group in groups for member in group] == members
    assert all(len(group) <= 10 for group in groups)
    assert all(sum(member.size_bytes for member in group) <= 1_000_000 or len(group) == 1 for group in groups)


@pytest.mark.parametrize("size_bytes", [1, 90_000, 110_000, 230_000, 600_000, 2_000_000])
def test_batches_of_a_job_share_it_evenly(size_bytes: int) -> None:
    most = max(1, min(SIZE.images, SIZE.bytes // size_bytes))
    for images in range(200):
        groups = [len(group) for group in split([Member(new_id(), size_bytes) for _ in range(images)], SIZE)]
        assert sum(groups) == images and max(groups, default=0) <= most
        assert len(groups) % 4 == 0 or len(groups) == images
        assert max(groups, default=0) - min(groups, default=0) <= 1, "slots would wait for the largest batch"


def test_a_refused_dispatch_waits_and_is_not_lost(database: Database, settings: Settings, job: UUID) -> None:
    def refuse(_: WaitingBatch) -> UUID:
        raise PrefectUnavailable("down")

    assert dispatch_waiting(database, refuse) == 0
    assert dispatch_waiting(database, lambda _: new_id()) == 0, "it waits before it is tried again"
    age(settings.database.conninfo, "outbox", timedelta(hours=1))
    assert len(dispatched(database)) == 1


def test_a_batch_of_a_newer_release_waits_for_newer_workers_and_keeps_its_policy(
    database: Database, settings: Settings, job: UUID
) -> None:
    with psycopg.connect(settings.database.conninfo, autocommit=True) as connection:
        connection.execute("""UPDATE batches SET policy = policy || '{"plates": true}'""")
        for number in range(1, 6):  # more often than a picture may fail
            with pytest.raises(NeedsNewerWorker, match="A newer worker will process it") as refused:
                started(database)
            assert len(refused.value.attempt_ids) == 1
            with database.transaction() as transaction:
                retry_or_fail(
                    transaction, refused.value.attempt_ids, refused.value.code, str(refused.value), RETRY_POLICY
                )
            (image,) = list_images_of_job(database, job, 10)
            assert (image.state, image.error_code) == ("queued", None)
            batches = "SELECT count(*), count(*) FILTER (WHERE policy @> '{\"plates\": true}') FROM batches"
            assert connection.execute(batches).fetchone() == (number + 1, number + 1)
        connection.execute("UPDATE batches SET policy = policy - 'plates'")  # as if this were the newer worker
    assert len(started(database)) == 1


def test_a_dead_database_is_a_retryable_error(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable), database.transaction() as transaction:
        transaction._connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    with database.transaction() as transaction:
        assert transaction.one("ping") == {"one": 1}

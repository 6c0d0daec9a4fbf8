"""The order and completeness of events while images settle concurrently."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from uuid import UUID

import psycopg
import pytest

from blurline.contract.reruns import BacklogRerunRequest
from blurline.settings import Settings
from sql.deletion.expired_records import expire_records
from sql.engine.database import Database, Transaction
from sql.events.events import Bounds, Event, count_progress, find_bounds, list_events
from sql.jobs.attempts import Attempt
from sql.jobs.publishing import ReviewReason, publish
from sql.jobs.settlement import approve, fail, send_to_review
from sql.reruns.reruns import cancel_attempts_of_job, rerun
from tests.factories import NOTE, SIZE, add_job, result, started
from tests.waiting import TIMEOUT_S

RERUN = UUID(int=1)


def events_of(database: Database, owner: str = "ann") -> list[Event]:
    return list_events(database, owner, after=0, limit=100_000)


def types_of(database: Database, owner: str = "ann") -> list[str]:
    return [event.type for event in events_of(database, owner)]


def settle(transaction: Transaction, attempt: Attempt) -> None:
    random.choice((
        lambda: publish(transaction, attempt, result()),
        lambda: publish(transaction, attempt, result(), ReviewReason("doubtful", "Look at it.")),
        lambda: send_to_review(transaction, attempt, "output_check_failed", "A face shows."),
        lambda: fail(transaction, attempt, "broken", "It is broken."),
    ))()  # fmt: skip


def in_threads(*works: Callable[[], None]) -> None:
    """Run the functions concurrently; raise the first error."""
    faults: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


class Rollback(Exception):
    pass


def test_events_of_images_are_written_once_and_in_order(database: Database) -> None:
    job = add_job(database, 4)
    attempts = started(database)
    with database.transaction() as transaction:
        publish(transaction, attempts[0], result())
    with database.transaction() as transaction:
        publish(transaction, attempts[1], result(), ReviewReason("doubtful", "Look at it."))
        fail(transaction, attempts[2], "broken", "It is broken.")
    with database.transaction() as transaction:
        send_to_review(transaction, attempts[3], "output_check_failed", "A face shows.")
    events = events_of(database)
    assert [(event.sequence, event.type, event.image_id) for event in events] == [
        (1, "image.published", attempts[0].image_id),
        (2, "image.needs_review", attempts[1].image_id),
        (3, "image.failed", attempts[2].image_id),
        (4, "image.needs_review", attempts[3].image_id),
        (5, "job.finished", None),
    ]
    assert {event.job_id for event in events} == {job}
    assert [event.data for event in events] == [
        {"faces_found": 1, "error_code": None, "notes": [NOTE.code]},
        {"faces_found": 1, "error_code": "doubtful", "notes": [NOTE.code]},
        {"faces_found": None, "error_code": "broken", "notes": []},
        {"faces_found": None, "error_code": "output_check_failed", "notes": []},
        {},
    ]
    with database.transaction() as transaction:
        approve(transaction, attempts[1].image_id)
    assert types_of(database)[5:] == ["image.published"], "the job has finished once"


def test_a_new_result_writes_an_event_and_the_job_does_not_finish_again(database: Database) -> None:
    add_job(database, 1)
    (attempt,) = started(database)
    with database.transaction() as transaction:
        publish(transaction, attempt, result("first"))
        rerun(transaction, BacklogRerunRequest(states=["published"], dry_run=False), RERUN, SIZE, Settings())
    (again,) = started(database)
    with database.transaction() as transaction:
        publish(transaction, again, result("second"))
    assert types_of(database) == ["image.published", "job.finished", "image.published"]


def test_a_cancelled_job_of_many_images_ends_with_its_finish(database: Database) -> None:
    job = add_job(database, 1000)
    cancel_attempts_of_job(database, job)
    events = events_of(database)
    assert [event.sequence for event in events] == list(range(1, 1002))
    assert Counter(event.type for event in events[:-1]) == {"image.failed": 1000}
    assert events[-1].type == "job.finished"


def test_a_rolled_back_transaction_writes_no_event(database: Database) -> None:
    add_job(database, 2)
    first, second = started(database)
    with suppress(Rollback), database.transaction() as transaction:
        publish(transaction, first, result())
        transaction._connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        raise Rollback
    with database.transaction() as transaction:
        publish(transaction, second, result())
    assert [(event.sequence, event.image_id) for event in events_of(database)] == [(1, second.image_id)]


@pytest.mark.parametrize("images", [2, 7])
def test_transactions_that_end_a_job_together_write_its_finish_once_and_last(database: Database, images: int) -> None:
    """Each transaction settles its share before any commits, so that none sees the job as finished."""
    for _ in range(10):
        job = add_job(database, images)
        attempts = started(database)
        barrier = threading.Barrier(2, timeout=TIMEOUT_S)

        def share(mine: list[Attempt], barrier: threading.Barrier = barrier) -> None:
            with database.transaction() as transaction:
                for attempt in mine:
                    settle(transaction, attempt)
                barrier.wait()

        in_threads(partial(share, attempts[::2]), partial(share, attempts[1::2]))
        told = [event for event in events_of(database) if event.job_id == job]
        assert [event.type for event in told].index("job.finished") == len(told) - 1 == images


def test_readers_miss_nothing_while_many_settle_at_once(settings: Settings) -> None:
    """Images of two owners and four jobs, in transactions of one to three, of which some are rolled back."""
    database = Database(settings.database.conninfo, max_connections=10)
    owner_of = {add_job(database, 60, owner=owner): owner for owner in ("ann", "bob") for _ in range(2)}
    attempts: dict[str, list[Attempt]] = {"ann": [], "bob": []}
    with psycopg.connect(settings.database.conninfo) as connection:
        job_of: dict[UUID, UUID] = dict(connection.execute("SELECT id, job_id FROM images").fetchall())
    for attempt in started(database):
        attempts[owner_of[job_of[attempt.image_id]]].append(attempt)
    done = threading.Event()
    seen: dict[str, list[Event]] = {"ann": [], "bob": []}

    def read(owner: str) -> None:
        while True:
            is_last = done.is_set()
            events = list_events(database, owner, after=len(seen[owner]), limit=7)
            for event in events:
                assert event.sequence == len(seen[owner]) + 1, "nothing before it is missing"
                seen[owner].append(event)
            if is_last and not events:
                return

    def write(mine: list[Attempt]) -> None:
        """Settle the images of a transaction in one order, as the product does, so that no two deadlock."""
        waiting = random.sample(mine, len(mine))
        while waiting:
            some = sorted(waiting[:3], key=lambda attempt: attempt.image_id)[: random.randint(1, 3)]
            with suppress(Rollback), database.transaction() as transaction:
                for attempt in some:
                    settle(transaction, attempt)
                if random.random() < 0.2:
                    raise Rollback
                waiting = [attempt for attempt in waiting if attempt not in some]

    def write_all() -> None:
        in_threads(*(partial(write, attempts[owner][at::3]) for owner in attempts for at in range(3)))
        done.set()

    in_threads(write_all, partial(read, "ann"), partial(read, "bob"))
    database.close()
    for owner, events in seen.items():
        told = [event.image_id for event in events if event.image_id]
        assert sorted(told) == sorted(attempt.image_id for attempt in attempts[owner]), "each image once"
        for job in (job for job, its_owner in owner_of.items() if its_owner == owner):
            types = [event.type for event in events if event.job_id == job]
            assert types.index("job.finished") == len(types) - 1 == 60


def test_sequence_numbers_continue_after_old_events_expire(database: Database, settings: Settings) -> None:
    assert find_bounds(database, "ann") == Bounds(head=0, removed=0)
    add_job(database, 3)
    attempts = started(database)
    for attempt in attempts[:2]:
        with database.transaction() as transaction:
            publish(transaction, attempt, result())
    assert expire_records(database, settings) == 0
    assert find_bounds(database, "ann") == Bounds(head=2, removed=0)
    assert expire_records(database, settings.replace(events_kept_days=0)) == 2
    assert find_bounds(database, "ann") == Bounds(head=2, removed=2)
    with database.transaction() as transaction:
        publish(transaction, attempts[2], result())
    assert [event.sequence for event in events_of(database)] == [3, 4]
    assert find_bounds(database, "ann") == Bounds(head=4, removed=2)


def test_progress_covers_only_the_owners_jobs(database: Database) -> None:
    job = add_job(database, 3)
    of_bob = add_job(database, 1, owner="bob")
    attempts = started(database)
    with database.transaction() as transaction:
        publish(transaction, attempts[0], result())
    progress = count_progress(database, "ann", [job, of_bob])
    assert set(progress) == {job}
    assert {state: count for state, count in progress[job].items() if count} == {
        "images": 3,
        "published": 1,
        "processing": 2,
    }

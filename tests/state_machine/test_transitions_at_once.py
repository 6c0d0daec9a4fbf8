"""Every pair of transitions of one image at once: the second starts while the first has not committed.

What is left is what one of the two orders leaves, nothing deadlocks, and all that must hold at any time holds.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from blurline.contract.corrections import MarkedBox
from blurline.contract.reruns import BacklogRerunRequest
from blurline.decision.correction import corrected_choices
from blurline.errors import PermanentError
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.deletion.deletions import GracePeriods, delete_image, grace_periods
from sql.deletion.legal_holds import hold_image
from sql.deletion.retention import expire_part, terms
from sql.engine.database import Database, Transaction
from sql.jobs.attempts import Attempt, start_batch
from sql.jobs.job_queries import list_images_of_job
from sql.jobs.publishing import ReviewReason, publish
from sql.jobs.retries import retry_or_fail
from sql.jobs.settlement import fail, withdraw
from sql.reruns.reruns import cancel_attempts_of_job, rerun
from sql.review.returns import send_to_review
from sql.review.reviews import approve_image, correct_image, reject_image
from tests.factories import RETRY_POLICY, SIZE, add_job, result, started
from tests.state_machine.house import House, open_house
from tests.state_machine.world import World
from tests.waiting import TIMEOUT_S, wait_for

ADDED, FOUND = MarkedBox(x1=50.0, y1=10.0, x2=58.0, y2=20.0), MarkedBox(x1=1.0, y1=2.0, x2=3.0, y2=4.0)
SETTINGS = Settings()
TERMS = replace(terms(SETTINGS.replace(keep_results_days=0)), grace=GracePeriods(attempt_s=0, upload_s=0))


@dataclass(frozen=True, slots=True)
class Subject:
    """An image, and the attempt that a worker has started at it, if any."""

    job_id: UUID
    image_id: UUID
    attempt: Attempt | None


Act = Callable[[Database, Subject], object]


def _publish(database: Database, on: Subject) -> None:
    assert on.attempt is not None
    done = result(f"{on.image_id}/{on.attempt.id}.jpg")
    if on.attempt.correction is not None:
        done = replace(done, choices=corrected_choices(on.attempt.correction, 1))
    with database.transaction() as transaction:
        publish(transaction, on.attempt, done)


def _ends(end: Callable[[Transaction, Attempt], object]) -> Act:
    def act(database: Database, on: Subject) -> None:
        assert on.attempt is not None
        with database.transaction() as transaction:
            end(transaction, on.attempt)

    return act


def _rerun(database: Database, on: Subject) -> None:
    request = BacklogRerunRequest(states=["published", "needs_review", "failed"], job_id=on.job_id, dry_run=False)
    with database.transaction() as transaction:
        rerun(transaction, request, new_id(), SIZE, SETTINGS)


def _correct(*boxes: MarkedBox) -> Act:
    return lambda database, on: correct_image(database, "rita", on.image_id, boxes, SIZE, note="", is_held=False)


ACTS: dict[str, Act] = {
    "publish": _publish,
    "fail": _ends(lambda transaction, attempt: fail(transaction, attempt, "unreadable_picture", "Broken.")),
    "miss": _ends(lambda transaction, attempt: withdraw(transaction, attempt, "mark_misses", "It misses.")),
    "retry": _ends(
        lambda transaction, attempt: retry_or_fail(transaction, [attempt.id], "crashed", "Died.", RETRY_POLICY)
    ),
    "start": lambda database, on: [start_batch(database, batch) for batch in _batches(database, on)],
    "owner cancels": lambda database, on: cancel_attempts_of_job(database, on.job_id),
    "operator cancels": lambda database, on: cancel_attempts_of_job(database, on.job_id, with_corrections=True),
    "approve": lambda database, on: approve_image(database, "rita", on.image_id, "a"),
    "send to review": lambda database, on: send_to_review(database, on.job_id, [on.image_id], None, with_rejected=True),
    "reject": lambda database, on: reject_image(database, "rita", on.image_id, "No."),
    "add a face": _correct(FOUND, ADDED),
    "drop a face": _correct(),
    "re-run": _rerun,
    "delete": lambda database, on: delete_image(database, None, on.image_id, "ann", grace_periods(SETTINGS)),
    "hold": lambda database, on: hold_image(database, on.image_id, "Complaint.", "olga"),
    "expire": lambda database, _: expire_part(database, "results", TERMS),
}

SITUATIONS: dict[str, list[str]] = {
    "first attempt": ["publish", "fail", "retry", "start", "owner cancels", "reject", "delete"],
    "published": ["add a face", "drop a face", "send to review", "reject", "re-run", "expire", "hold", "delete"],
    "held": ["approve", "add a face", "reject", "re-run", "delete"],
    "re-run under way": [
        "publish", "fail", "retry", "owner cancels", "send to review", "reject", "add a face", "delete",
    ],
    "correction under way": [
        "publish", "fail", "miss", "retry", "owner cancels", "operator cancels", "reject", "approve", "delete",
    ],
}  # fmt: skip
SKIPPING = {"re-run", "expire"}
"""They leave out an image that another transaction has locked."""

PAIRS = [(situation, first) for situation, names in SITUATIONS.items() for first in names]


class Pausing(Database):
    """Pauses before the first commit."""

    def __init__(self, conninfo: str) -> None:
        super().__init__(conninfo, max_connections=1)
        self.is_reached, self.may_commit = threading.Event(), threading.Event()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with super().transaction() as transaction:
            yield transaction
            self.is_reached.set()
            assert self.may_commit.wait(TIMEOUT_S)


@pytest.fixture
def house(settings: Settings, database: Database, store: Store) -> Iterator[House]:
    with open_house(settings.replace(log_level="CRITICAL"), database, store) as house:
        yield house


@pytest.mark.parametrize(("situation", "first"), PAIRS)
def test_every_pair_at_once_leaves_what_one_order_leaves(house: House, situation: str, first: str) -> None:
    for second in SITUATIONS[situation]:
        orders = []
        skipping = [[other] for name, other in ((first, second), (second, first)) if name in SKIPPING]
        for names in ([first, second], [second, first], *skipping):
            subject = _subject(house.database, situation)
            for name in names:
                _act(ACTS[name], house.database, subject)
            orders.append(_left(house, subject))
        subject = _subject(house.database, situation)
        _at_once(house, subject, first, second)
        assert _left(house, subject) in orders, (situation, first, second)


def _at_once(house: House, subject: Subject, first: str, second: str) -> None:
    """Start the second while the first waits to commit; the second then waits for a lock, or ends."""
    faults: list[BaseException] = []
    pausing = Pausing(house.settings.database.conninfo)

    def run(name: str, database: Database) -> None:
        try:
            _act(ACTS[name], database, subject)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=run, args=each) for each in ((first, pausing), (second, house.database))]
    threads[0].start()
    wait_for("the first", lambda: pausing.is_reached.is_set() or not threads[0].is_alive(), every_s=0.002)
    threads[1].start()
    with psycopg.connect(house.settings.database.conninfo, autocommit=True) as connection:
        waiting = "SELECT FROM pg_locks WHERE NOT granted"
        wait_for(
            "the second",
            lambda: not threads[1].is_alive() or connection.execute(waiting).fetchone() is not None,
            every_s=0.002,
        )
    pausing.may_commit.set()
    for thread in threads:
        thread.join(TIMEOUT_S)
    pausing.close()
    assert faults == [], (first, second)


def _act(act: Act, database: Database, subject: Subject) -> None:
    with contextlib.suppress(PermanentError):  # refused
        act(database, subject)


def _subject(database: Database, situation: str) -> Subject:
    """An image in this situation."""
    job_id = add_job(database)
    (image,) = list_images_of_job(database, job_id, 1)
    attempt = _start(database, image.id)
    subject = Subject(job_id, image.id, attempt)
    if situation == "first attempt":
        return subject
    reason = ReviewReason("review_asked", "Look.") if situation == "held" else None
    with database.transaction() as transaction:
        publish(transaction, attempt, result(f"{attempt.image_id}/{attempt.id}.jpg"), reason)
    if situation in ("published", "held"):
        return replace(subject, attempt=None)
    _act(ACTS["re-run" if situation == "re-run under way" else "add a face"], database, subject)
    return replace(subject, attempt=_start(database, image.id))


def _start(database: Database, image_id: UUID) -> Attempt:
    """Start the attempt at the image, and whatever earlier pairs have left open."""
    (attempt,) = [each for each in started(database) if each.image_id == image_id]
    return attempt


def _left(house: House, subject: Subject) -> tuple[Any, ...]:
    """What is left of the image, after a check of what must hold at any time."""
    world = World(house)
    world.job_ids = [subject.job_id]
    world.now = now = house.look(world.job_ids)
    image = now.images.get(subject.image_id)
    with house.database.transaction() as transaction:
        row = transaction._connection.execute(
            "SELECT max(x1) AS x1 FROM decisions, jsonb_to_recordset(added) AS box (x1 real)"
            " WHERE image_id = %s AND kind = 'corrected'",
            [subject.image_id],
        ).fetchone()
    if row and row["x1"] is not None:
        world.marks[subject.image_id] = {row["x1"]}
    if image is None:
        return ("deleted",)
    world.check_rows(image)
    ends = sorted(str(each["outcome"]) for each in now.attempts.values())
    return (image["state"], image["error_code"], image["open_attempt_id"] is not None, image["is_result_gone"], ends)


def _batches(database: Database, subject: Subject) -> list[UUID]:
    with database.transaction() as transaction:
        return [row["batch_id"] for row in transaction.all("batches_of_job", job_id=subject.job_id)]

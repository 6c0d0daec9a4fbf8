from __future__ import annotations

import pytest

from blurline.ids import new_id
from blurline.orchestration.flow_runs import NO_HEARTBEAT, RunState, RunStateType
from blurline.settings import Settings
from flows.reconcile import judge
from sql.engine.database import Database
from sql.jobs.attempts import start_batch
from sql.jobs.retries import retry_or_fail
from sql.upkeep.reconcile import Underway, list_underway
from tests.factories import RETRY_POLICY, add_job, dispatched, started
from tests.waiting import wait_for

DEADLINE_S, PENDING_S = 1800, 60


def verdict(
    state: RunState | None, started_age_s: float | None = 5, *, is_worker_connected: bool = False
) -> tuple[str, bool] | None:
    batch = Underway(new_id(), new_id(), (new_id(),), started_age_s, 10_000, is_worker_connected)
    found = judge(batch, state, DEADLINE_S, PENDING_S)
    return (found.code, found.is_final) if found else None


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, ("flow_run_lost", False)),
        (RunState(RunStateType.CRASHED, 1), ("flow_run_crashed", False)),
        (RunState(RunStateType.FAILED, 1), ("flow_run_failed", False)),
        (RunState(RunStateType.COMPLETED, 1), ("flow_run_completed", False)),
        (RunState(RunStateType.CANCELLED, 1), ("cancelled", True)),
        (RunState(RunStateType.CANCELLING, 30), None),
        (RunState(RunStateType.CANCELLING, 61), ("cancelled", True)),
        (RunState(RunStateType.PENDING, 59), None),
        (RunState(RunStateType.PENDING, 61), ("flow_run_stuck", False)),
        (RunState(RunStateType.RUNNING, 1700), None),
        (RunState(RunStateType.SCHEDULED, 100_000), None),
    ],
)
def test_a_batch_is_retried_only_when_its_run_will_not_finish_it(
    state: RunState | None, expected: tuple[str, bool] | None
) -> None:
    assert verdict(state, started_age_s=None if state and state.type is RunStateType.SCHEDULED else 5) == expected


def test_an_attempt_has_a_deadline() -> None:
    assert verdict(RunState(RunStateType.RUNNING, 10), started_age_s=DEADLINE_S + 1) == ("deadline", False)


def test_a_run_without_heartbeat_is_left_to_its_worker_while_that_is_connected() -> None:
    """Prefect marks healthy runs as crashed when it has been away for longer than it waits for heartbeats."""
    silent = RunState(RunStateType.CRASHED, 1, NO_HEARTBEAT)
    assert verdict(silent, is_worker_connected=True) is None
    assert verdict(silent, DEADLINE_S + 1, is_worker_connected=True) == ("deadline", False)
    assert verdict(silent) == ("flow_run_crashed", False), "the worker has died, perhaps of the picture"
    assert verdict(silent, None) == ("flow_run_not_started", False)
    died = RunState(RunStateType.CRASHED, 1, "The process ended with -9.")
    assert verdict(died, is_worker_connected=True) == ("flow_run_crashed", False)


@pytest.mark.parametrize("type_", [RunStateType.CRASHED, RunStateType.FAILED, RunStateType.COMPLETED])
def test_a_run_that_ends_before_a_worker_began_says_nothing_about_its_pictures(type_: RunStateType) -> None:
    assert verdict(RunState(type_, 1, "The process ended with 1."), None) == ("flow_run_not_started", False)


def test_the_session_of_the_process_that_started_a_batch_is_found(settings: Settings, database: Database) -> None:
    add_job(database)
    (batch_id,) = dispatched(database)
    worker = Database(settings.database.conninfo, max_connections=1, application="blurline worker of this test")
    assert start_batch(worker, batch_id)
    (batch,) = list_underway(database)
    assert batch.is_worker_connected
    worker.close()
    wait_for("its session has ended", lambda: not list_underway(database)[0].is_worker_connected)


@pytest.mark.parametrize("code", ["flow_run_not_started", "flow_run_stuck", "flow_run_failed"])
def test_an_outage_is_no_failure_of_a_picture(database: Database, code: str) -> None:
    """Of Prefect, before a worker began; of the database, while a run that fails gives its images back."""
    add_job(database)
    for _ in range(RETRY_POLICY.max_attempts + 1):
        (attempt,) = started(database)
        with database.transaction() as transaction:
            retry_or_fail(transaction, [attempt.id], code, "", RETRY_POLICY)
    (attempt,) = started(database)
    assert attempt.number == RETRY_POLICY.max_attempts + 2

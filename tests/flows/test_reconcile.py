from __future__ import annotations

import pytest

from blurline.ids import new_id
from blurline.orchestration.flow_runs import RunState, RunStateType
from flows.reconcile import judge
from sql.upkeep.reconcile import Underway

DEADLINE_S, PENDING_S = 1800, 60


def verdict(state: RunState | None, started_age_s: float | None = 5) -> tuple[str, bool] | None:
    batch = Underway(new_id(), new_id(), (new_id(),), started_age_s, age_s=10_000)
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

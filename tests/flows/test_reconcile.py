from __future__ import annotations

import pytest
from prefect.client.schemas.objects import StateType

from blurline.ids import new_id
from flows.reconcile import RunState, judge
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
        (RunState(StateType.CRASHED, 1), ("flow_run_crashed", False)),
        (RunState(StateType.FAILED, 1), ("flow_run_failed", False)),
        (RunState(StateType.COMPLETED, 1), ("flow_run_completed", False)),
        (RunState(StateType.CANCELLED, 1), ("cancelled", True)),
        (RunState(StateType.CANCELLING, 30), None),
        (RunState(StateType.CANCELLING, 61), ("cancelled", True)),
        (RunState(StateType.PENDING, 59), None),
        (RunState(StateType.PENDING, 61), ("flow_run_stuck", False)),
        (RunState(StateType.RUNNING, 1700), None),
        (RunState(StateType.SCHEDULED, 100_000), None),
    ],
)
def test_a_batch_is_attempted_anew_only_when_its_run_will_not_finish_it(
    state: RunState | None, expected: tuple[str, bool] | None
) -> None:
    assert verdict(state, started_age_s=None if state and state.type is StateType.SCHEDULED else 5) == expected


def test_an_attempt_has_a_deadline() -> None:
    assert verdict(RunState(StateType.RUNNING, 10), started_age_s=DEADLINE_S + 1) == ("deadline", False)

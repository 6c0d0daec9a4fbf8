"""What a worker takes from a real Prefect: no missed runs of schedules, and nothing hidden behind a newer release."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, PREFECT_HOME, temporary_settings
from prefect.states import Pending

from deployments.deploy import deploy
from deployments.worker.new_runs import NewRuns
from deployments.worker.scheduled_runs import ScheduledRuns
from deployments.worker.side_queue import CONTROL, SIDE_QUEUES, SideQueue
from tests.prefect_server import Prefect

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _as_a_worker(prefect: Prefect) -> Iterator[None]:
    settings = prefect.settings.prefect
    assert settings.api_auth_string is not None
    with temporary_settings(
        {
            PREFECT_API_URL: settings.api_url,
            PREFECT_API_AUTH_STRING: settings.api_auth_string.get_secret_value(),
            PREFECT_HOME: prefect.home,
        }
    ):
        yield


def asked(ask: Callable[[PrefectClient], Awaitable[T]]) -> T:
    """What the coroutine returns for a worker's client."""

    async def run() -> T:
        async with get_client() as client:
            return await ask(client)

    return asyncio.run(run())


def _missed(prefect: Prefect) -> list[str]:
    """Have Prefect schedule 60 runs of `reconcile` that are overdue, as after a time without a worker.

    Their ids, the oldest first.
    """
    deployment_id = prefect.deployment("reconcile")["id"]
    began = datetime.now(UTC) - timedelta(hours=1)
    ended = began + timedelta(minutes=30)
    span = {"start_time": began.isoformat(), "end_time": ended.isoformat(), "min_runs": 60, "max_runs": 60}
    prefect.client.post(f"/deployments/{deployment_id}/schedule", json=span).raise_for_status()
    wanted = {
        "flow_runs": {
            "deployment_id": {"any_": [deployment_id]},
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "expected_start_time": {"before_": datetime.now(UTC).isoformat()},
        },
        "sort": "EXPECTED_START_TIME_ASC",
    }
    missed = [run["id"] for run in prefect.post("/flow_runs/filter", wanted)]
    assert len(missed) >= 60
    return missed


def test_of_missed_runs_only_the_latest_is_run(prefect: Prefect) -> None:
    missed = _missed(prefect)
    by_hand = prefect.schedule_run("cancel-rerun", timedelta(hours=1), parameters={"rerun_id": missed[0]})
    queue = SideQueue(CONTROL, ScheduledRuns("blurline", NewRuns()), NewRuns(), SIDE_QUEUES[CONTROL])
    taken: list[FlowRun] = []

    async def take(client: PrefectClient) -> None:
        async def run(flow_run: FlowRun) -> None:
            taken.append(flow_run)
            await client.set_flow_run_state(flow_run.id, Pending())

        while await _is_scheduled(client, [*missed, by_hand]):
            await queue._serve_once(client, run)

    asked(take)
    first, *latest = [str(run.id) for run in taken]
    assert first == by_hand
    assert 1 <= len(latest) <= 3, "one, and those that come due during the test"
    assert not set(latest) & set(missed[:-1])
    assert prefect.states(missed[:-1]) == ["CANCELLED"] * (len(missed) - 1)
    asyncio.run(queue.process.end())


async def _is_scheduled(client: PrefectClient, ids: list[str]) -> bool:
    wanted = {"flow_runs": {"id": {"any_": ids}, "state": {"type": {"any_": ["SCHEDULED"]}}}}
    return bool((await client.request("POST", "/flow_runs/filter", json=wanted)).json())


def test_a_run_that_another_worker_has_taken_makes_the_ones_before_it_missed(prefect: Prefect) -> None:
    missed = _missed(prefect)
    prefect.post(f"/flow_runs/{missed[-1]}/set_state", {"state": {"type": "PENDING"}})
    queue = SideQueue(CONTROL, ScheduledRuns("blurline", NewRuns()), NewRuns(), SIDE_QUEUES[CONTROL])
    found = asked(queue.next_run)
    assert found is None or str(found.id) not in missed, "it has come due during the test"


def test_missed_runs_leave_the_queue_of_pictures_with_the_upgrade(prefect: Prefect) -> None:
    path = f"/deployments/{prefect.deployment('reconcile')['id']}"
    prefect.client.patch(path, json={"work_queue_name": "interactive"}).raise_for_status()  # as in 0.2.0
    missed = _missed(prefect)
    picture = prefect.schedule_run("anonymize", parameters={"batch_id": missed[0]})
    deploy(prefect.environment)
    offered = asked(lambda client: ScheduledRuns("blurline", NewRuns()).poll(client, "interactive", 10))
    assert offered is not None
    ids = [str(entry.flow_run.id) for entry in offered]
    assert picture in ids
    assert not set(ids) & set(missed)


def test_runs_left_to_a_newer_worker_hide_nothing_behind_them(prefect: Prefect) -> None:
    newer = _deploy_flow_of_a_newer_release(prefect)
    left = [str(prefect.post(newer, {"state": {"type": "SCHEDULED"}})["id"]) for _ in range(130)]
    ours = prefect.schedule_run("anonymize", parameters={"batch_id": left[0]})
    scheduled = ScheduledRuns("blurline", NewRuns())
    for _ in range(2):
        offered = asked(lambda client: scheduled.poll(client, "interactive", 10))
        assert offered is not None and [str(entry.flow_run.id) for entry in offered] == [ours]
    assert set(prefect.states(left)) == {"SCHEDULED"}


def _deploy_flow_of_a_newer_release(prefect: Prefect) -> str:
    """Deploy a flow whose module this release lacks; the path that creates its runs."""
    flow = prefect.post("/flows/", {"name": "of-tomorrow"})
    wanted: dict[str, Any] = {
        "name": "of-tomorrow",
        "flow_id": flow["id"],
        "entrypoint": "flows.of_tomorrow.of_tomorrow",
        "work_pool_name": "blurline",
        "work_queue_name": "interactive",
        "enforce_parameter_schema": False,
    }
    return f"/deployments/{prefect.post('/deployments/', wanted)['id']}/create_flow_run"

"""A queue with a process beside the slots.

`express` has one with models, so a correction never waits until a slot has finished a large picture; free slots take
its runs too. The processes of `control` and `housekeeping` have no models: the reconciler never waits for pictures, and
pictures never wait for a flow that takes an hour. Of the runs of a schedule only the latest that is due is run: the
others were missed while no worker was there, and would do nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import structlog
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import PrefectException

from deployments.worker.intake import EXPRESS
from deployments.worker.new_runs import NewRuns
from deployments.worker.scheduled_runs import ScheduledRuns
from deployments.worker.worker_process import WorkerProcess, WorkerProcessDied

log = structlog.get_logger()

CONTROL, HOUSEKEEPING = "control", "housekeeping"
SIDE_QUEUES = {CONTROL: 15 * 60.0, HOUSEKEEPING: 4 * 3600.0}
"""The queues of flows without pictures, and the seconds after which a run of theirs is killed."""

_POLL_S = 2.0
_EXPRESS_POLL_S = 0.4
_RUNS = 50
_LATEST = 20
_IDLE_S = 120


class SideQueue:
    """One queue and its process, which is started for a run and ended when it has been idle for a while.

    That of `express` is always there, since loading the models takes seconds. ``current`` is the run that the process
    has.
    """

    def __init__(self, name: str, scheduled: ScheduledRuns, new_runs: NewRuns, run_deadline_s: float) -> None:
        self.name = name
        self._is_express = name == EXPRESS
        self.process = WorkerProcess(run_deadline_s, loads_models=self._is_express)
        self.current: UUID | None = None
        self._scheduled, self._new_runs = scheduled, new_runs
        self._has_more = False
        self._used_at_s = 0.0

    async def serve(
        self, client: PrefectClient, take: Callable[[FlowRun], Awaitable[None]], stopping: asyncio.Event
    ) -> None:
        """Pass the runs of the queue to ``take``, one after another, until ``stopping``."""
        while not stopping.is_set():
            seen = self._new_runs.number
            try:
                pause_s = await self._serve_once(client, take)
            except (WorkerProcessDied, OSError, httpx.HTTPError, PrefectException) as error:
                log.warning("side_queue_waits", queue=self.name, error=repr(error))
                pause_s = self._poll_s
            except Exception:
                log.exception("side_queue_broke", queue=self.name)
                pause_s = self._poll_s
            await self._new_runs.wait(seen, pause_s)

    async def next_run(self, client: PrefectClient) -> FlowRun | None:
        """The run to run next, or None. Cancels the missed runs that it meets."""
        entries = await self._scheduled.poll(client, self.name, _RUNS) or []
        self._has_more = len(entries) >= _RUNS
        return await self._choose(client, [entry.flow_run for entry in entries])

    async def _serve_once(self, client: PrefectClient, take: Callable[[FlowRun], Awaitable[None]]) -> float:
        """Take one run, if there is one. Return the seconds until the next poll."""
        if self._is_express:
            await self._have_process()
        flow_run = await self.next_run(client)
        if flow_run is None:
            is_idle = time.monotonic() - self._used_at_s > _IDLE_S and not self._is_express
            if self.process.is_alive and is_idle:
                await self.process.end()
            return 0 if self._has_more else self._poll_s
        await self._have_process()
        self.current = flow_run.id
        try:
            await take(flow_run)
        finally:
            self.current = None
            self._used_at_s = time.monotonic()
        return 0

    @property
    def _poll_s(self) -> float:
        return self._new_runs.pause_s(_EXPRESS_POLL_S if self._is_express else _POLL_S)

    async def _have_process(self) -> None:
        """Start the process, or replace one that ended or must not be used again."""
        if self.process.is_spent or not self.process.is_alive:
            await self.process.end()
            await self.process.start()

    async def _choose(self, client: PrefectClient, due: Sequence[FlowRun]) -> FlowRun | None:
        """A run that a person started, else the latest of a schedule."""
        latest = {
            deployment_id: await _latest_due(client, deployment_id)
            for deployment_id in {run.deployment_id for run in due if run.auto_scheduled}
            if deployment_id is not None
        }
        await _cancel_missed(client, due, latest)
        chosen = [run for run in due if not run.auto_scheduled] + [run for run in latest.values() if run is not None]
        return next((run for run in chosen if run.state_type is StateType.SCHEDULED), None)


async def _latest_due(client: PrefectClient, deployment_id: UUID) -> FlowRun | None:
    """The latest run of a deployment's schedule that is due, in any state: another worker may have run it."""
    runs = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=[deployment_id]),
            expected_start_time=FlowRunFilterExpectedStartTime(before_=datetime.now(UTC)),
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=_LATEST,
    )
    return next((run for run in runs if run.auto_scheduled), None)


async def _cancel_missed(client: PrefectClient, due: Sequence[FlowRun], latest: Mapping[UUID, FlowRun | None]) -> None:
    """Cancel the runs of a schedule that are older than its latest one."""
    missed = [str(run.id) for run in due if run.auto_scheduled and _is_older(run, latest)]
    if not missed:
        return
    message = "Skipped: no worker ran it in time, and a later run of its schedule is due."
    body = {
        "flow_runs": {"id": {"any_": missed}, "state": {"type": {"any_": [StateType.SCHEDULED]}}},
        "state": {"type": StateType.CANCELLED, "name": "Skipped", "message": message},
        "limit": len(missed),
    }
    path: Any = "/flow_runs/bulk_set_state"  # missing in the types of Prefect's client
    await client.request("POST", path, json=body)
    log.info("missed_runs_cancelled", runs=len(missed))


def _is_older(run: FlowRun, latest: Mapping[UUID, FlowRun | None]) -> bool:
    last = latest.get(run.deployment_id) if run.deployment_id else None
    times = (run.expected_start_time, last.expected_start_time if last else None)
    return times[0] is not None and times[1] is not None and times[0] < times[1]

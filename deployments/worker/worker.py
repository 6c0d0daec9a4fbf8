"""The `blurline` work-pool type: a Prefect worker with long-lived processes that keep the models loaded."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio.abc
import httpx
import structlog
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.responses import WorkerFlowRunResponse
from prefect.events import emit_event
from prefect.exceptions import InfrastructureNotFound, PrefectException
from prefect.states import Crashed
from prefect.workers.base import BaseVariables, BaseWorker

from blurline.observability import metrics
from blurline.version import VERSION
from deployments.worker.cancellations import Cancellations
from deployments.worker.configuration import WarmConfiguration, WarmResult
from deployments.worker.intake import EXPRESS, Intake
from deployments.worker.new_runs import NewRuns
from deployments.worker.process_identity import identify, is_dead_here
from deployments.worker.run_metrics import RunMetrics
from deployments.worker.scheduled_runs import ScheduledRuns
from deployments.worker.side_queue import SIDE_QUEUES, SideQueue
from deployments.worker.worker_process import WorkerProcess, WorkerProcessDied
from deployments.worker.worker_process_main import Report

log = structlog.get_logger()

_POLL_S = 0.4
_POLL_RUNS = 10
_HEARTBEAT_S = 15
_MAX_RUNS_PER_PROCESS = 500


class WarmWorker(BaseWorker[WarmConfiguration, BaseVariables, WarmResult]):
    """Runs flow runs in long-lived processes, one per slot and one per side queue. Start it with `serve`."""

    type = "blurline"
    job_configuration = WarmConfiguration
    job_configuration_variables = BaseVariables
    _display_name = "Blurline"
    _description = "Runs flow runs in long-lived processes that keep the face detectors loaded."

    def __init__(
        self,
        *,
        slots: int,
        process_memory_mb: float,
        run_deadline_s: float,
        niceness: int,
        ready_file: Path | None = None,
        **base: Any,
    ) -> None:
        super().__init__(limit=slots, prefetch_seconds=0, **base)
        metrics.worker_slots.set(slots)
        metrics.worker_slots_busy.set_function(self._count_busy)
        self._process_memory_mb, self._ready_file = process_memory_mb, ready_file
        self._processes = [WorkerProcess(run_deadline_s, niceness=niceness) for _ in range(slots)]
        self.figures = RunMetrics()
        self._idle: asyncio.Queue[WorkerProcess] = asyncio.Queue()
        self._active: dict[UUID, WorkerProcess] = {}
        self._cancellations = Cancellations(self._active)
        self._taken: set[UUID] = set()
        self.new_runs = NewRuns()
        self._scheduled = ScheduledRuns(self._work_pool_name, self.new_runs)
        deadlines = {EXPRESS: run_deadline_s, **SIDE_QUEUES}
        self._side_queues = [
            SideQueue(name, self._scheduled, self.new_runs, deadline_s) for name, deadline_s in deadlines.items()
        ]
        self._intake: Intake[WorkerFlowRunResponse] = Intake()
        self._slot_freed, self._stopping = asyncio.Event(), asyncio.Event()
        self._has_joined = False

    async def setup(self) -> None:
        """Start every process and wait until all have loaded their models, then join the pool once it exists."""
        await asyncio.gather(*(process.start() for process in self._processes), self._wait_for_pool())
        for process in self._processes:
            self._idle.put_nowait(process)
        await super().setup()

    async def _wait_for_pool(self) -> None:
        async with get_client() as client:
            while True:
                try:
                    await client.read_work_pool(self._work_pool_name)
                    return
                except (httpx.HTTPError, PrefectException) as error:
                    log.info("worker_waits_for_pool", pool=self._work_pool_name, error=repr(error)[:200])
                await asyncio.sleep(_POLL_S)

    async def serve(self, drain_timeout_s: float) -> None:
        """Poll and run until SIGTERM or SIGINT, then finish the current runs within the time limit.

        A second signal stops at once.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_stop_signal)
        if self._ready_file:
            self._ready_file.unlink(missing_ok=True)  # left by an earlier process of the same container
        async with self:
            self._has_joined = True
            started_event = await self._emit_worker_started_event()
            self._started_event = started_event
            duties = [asyncio.create_task(duty()) for duty in (self._watch_cancellations, self._heartbeat, self._sync)]
            await self._report_dead_runs()
            duties += [
                asyncio.create_task(queue.serve(self.client, self._take_beside, self._stopping))
                for queue in self._side_queues
            ]
            pids = [process.pid for process in self._processes]
            log.info("worker_ready", worker=self.name, version=VERSION, children=pids)
            if self._ready_file:
                self._ready_file.touch()
            seen = self.new_runs.number
            while not self._stopping.is_set():
                if seen != self.new_runs.number:
                    seen = self.new_runs.number
                    self._intake.poll_now()
                await self._fill_slots()
                await self._next_tick(seen)
            await self._drain(drain_timeout_s)
            for duty in duties:
                duty.cancel()
            side_processes = [queue.process for queue in self._side_queues]
            await asyncio.gather(*(process.end() for process in [*self._processes, *side_processes]))

    async def run(
        self,
        flow_run: FlowRun,
        configuration: WarmConfiguration,
        task_status: anyio.abc.TaskStatus[Any] | None = None,
    ) -> WarmResult:
        """Run one flow run in an idle process. A process that dies fails only its own run, and is replaced."""
        process = self._side_process(flow_run.id) or await self._idle.get()
        self._active[flow_run.id] = process
        identifier = identify(process.pid)
        if task_status is not None:
            task_status.started(identifier)
        assert self._runs_task_group is not None
        self._runs_task_group.start_soon(self._tell_where, flow_run.id, identifier)
        if not flow_run.auto_scheduled:
            # Prefect expects heartbeats only after the first one. Scheduled runs get none, because Prefect would miss
            # their heartbeats after their end: it does not emit the event for it. They have no images and come again.
            _beat(flow_run.id)
        try:
            report = await process.run(configuration.order(flow_run))
        except WorkerProcessDied as death:
            log.warning("child_died", flow_run_id=str(flow_run.id), exit_code=death.exit_code)
            metrics.worker_runs.labels("died").inc()
            status_code = 0 if await self._cancellations.finish(self.client, flow_run.id) else death.exit_code or 1
            self._replace(process, "died")
            return WarmResult(identifier=identifier, status_code=status_code)
        finally:
            self._active.pop(flow_run.id, None)
        self.figures.report(process, report.totals)
        metrics.worker_runs.labels(report.outcome).inc()
        await self._cancellations.finish(self.client, flow_run.id, is_cancelled=report.outcome == "cancelled")
        self._return(process, report)
        if report.outcome == "broken":
            log.error("run_broke", flow_run_id=str(flow_run.id), error=report.error)
        return WarmResult(identifier=identifier, status_code=1 if report.outcome == "broken" else 0)

    async def kill_infrastructure(
        self, infrastructure_pid: str, configuration: WarmConfiguration, grace_seconds: int = 30
    ) -> None:
        """Cancel the run in the process with this identifier."""
        for flow_run_id, process in list(self._active.items()):
            if identify(process.pid) == infrastructure_pid:
                return await self._cancellations.cancel(flow_run_id)
        raise InfrastructureNotFound(infrastructure_pid)

    async def _tell_where(self, flow_run_id: UUID, identifier: str) -> None:
        """Record the process of a run, for cancellation and for `_report_dead_runs`."""
        try:
            await self.client.update_flow_run(flow_run_id, infrastructure_pid=identifier)
        except (httpx.HTTPError, PrefectException) as error:
            log.warning("process_not_recorded", flow_run_id=str(flow_run_id), error=repr(error))

    async def _report_dead_runs(self) -> None:
        """Mark orphaned runs of a killed worker on this machine as crashed."""
        active = FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING]))
        )
        pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[self._work_pool_name]))
        for flow_run in await self.client.read_flow_runs(flow_run_filter=active, work_pool_filter=pool):
            if flow_run.infrastructure_pid and is_dead_here(flow_run.infrastructure_pid):
                crashed: State[None] = Crashed(message="The worker process that ran it is gone.")
                await self.client.set_flow_run_state(flow_run.id, crashed, force=True)
                log.warning("dead_run_reported", flow_run_id=str(flow_run.id))

    async def _fill_slots(self) -> None:
        """Take runs for every free slot. Poll if a buffer is empty and the server may have more."""
        assert self._runs_task_group is not None
        while len(self._taken) < len(self._processes):
            for queue in self._intake.queues_to_poll(time.monotonic()):
                self._intake.add(queue, await self._poll(queue), _POLL_RUNS, time.monotonic() + _POLL_S)
            entry = self._intake.pick()
            if entry is None:
                return
            if entry.flow_run.id not in self._taken and self._side_process(entry.flow_run.id) is None:
                self._taken.add(entry.flow_run.id)
                self._runs_task_group.start_soon(self._take, entry.flow_run)

    async def _take(self, flow_run: FlowRun) -> None:
        """Run one flow run, from Pending to its end.

        The base class makes eight requests before a run starts. This one only checks that the run is ours (Prefect lets
        a single worker set it to Pending) and where its flow is.
        """
        try:
            if await self._propose_pending_state(flow_run):
                configuration = await self._scheduled.configuration(self.client, flow_run)
                result = await self.run(flow_run, configuration)
                if result.status_code != 0:
                    await self._propose_crashed_state(flow_run, f"The process ended with {result.status_code}.")
        except Exception as error:
            log.exception("run_not_carried", flow_run_id=str(flow_run.id))
            await self._propose_crashed_state(flow_run, f"The worker could not run it: {error}")
        finally:
            self._taken.discard(flow_run.id)
            self._slot_freed.set()

    async def _take_beside(self, flow_run: FlowRun) -> None:
        """Run a flow run of a side queue, unless a slot has taken it."""
        if flow_run.id not in self._taken:
            await self._take(flow_run)

    async def _poll(self, queue: str) -> list[WorkerFlowRunResponse]:
        found = await self._scheduled.poll(self.client, queue, _POLL_RUNS)
        if found is not None:
            self._last_polled_time = datetime.now(UTC)
        return found or []

    async def _next_tick(self, seen: int) -> None:
        """Wait for a slot, a stop signal, a new run after those that were ``seen``, or the next poll."""
        self._slot_freed.clear()
        pause_s = _POLL_S if self._taken else self.new_runs.pause_s(_POLL_S)
        waits = [
            asyncio.create_task(self._slot_freed.wait()),
            asyncio.create_task(self._stopping.wait()),
            asyncio.create_task(self.new_runs.wait(seen, pause_s)),
        ]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _drain(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        log.info("worker_drains", runs=self._count_taken())
        while self._count_taken() and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        for process in self._active.values():
            process.kill()

    def _on_stop_signal(self) -> None:
        if self._stopping.is_set():
            os._exit(1)
        if not self._has_joined:
            os._exit(0)  # it may wait for Prefect forever, and has not taken a run yet
        self._stopping.set()

    def _return(self, process: WorkerProcess, report: Report) -> None:
        """Return a process to the idle ones, or replace it if it is broken, too large or too old."""
        reason = None
        if report.outcome == "broken":
            reason = "broken"
        elif report.peak_rss_mb > self._process_memory_mb:
            reason = "memory"
        elif process.runs >= _MAX_RUNS_PER_PROCESS:
            reason = "age"
        if reason is None:
            if process in self._processes:
                self._idle.put_nowait(process)
        else:
            log.info(
                "child_recycled", reason=reason, pid=process.pid, peak_rss_mb=report.peak_rss_mb, runs=process.runs
            )
            self._replace(process, reason)

    def _replace(self, process: WorkerProcess, reason: str) -> None:
        metrics.worker_child_restarts.labels(reason).inc()
        self.figures.end(process)
        if process not in self._processes:
            process.is_spent = True  # its queue replaces it before the next run
            return

        async def restart() -> None:
            while True:
                try:
                    await process.end()
                    await process.start()
                except (WorkerProcessDied, OSError):
                    log.exception("child_does_not_start")
                    await asyncio.sleep(1)
                else:
                    self._idle.put_nowait(process)
                    self._slot_freed.set()
                    return

        if not self._stopping.is_set():
            assert self._runs_task_group is not None
            self._runs_task_group.start_soon(restart)

    def _side_process(self, flow_run_id: UUID) -> WorkerProcess | None:
        """The process beside the slots that has this run."""
        return next((queue.process for queue in self._side_queues if queue.current == flow_run_id), None)

    def _count_taken(self) -> int:
        return len(self._taken) + sum(queue.current is not None for queue in self._side_queues)

    def _count_busy(self) -> int:
        return sum(process in self._processes for process in self._active.values())

    async def _watch_cancellations(self) -> None:
        assert self._runs_task_group is not None
        await self._cancellations.watch(self.client, self._runs_task_group)

    async def _heartbeat(self) -> None:
        """Send Prefect the heartbeats of the runs, whose processes have no heartbeat threads.

        A process that exceeds the run's deadline is killed, or it would occupy its slot forever.
        """
        while True:
            for flow_run_id, process in list(self._active.items()):
                if process.is_late:
                    log.error("run_hangs", flow_run_id=str(flow_run_id))
                    process.kill()
                    continue
                _beat(flow_run_id)
            await asyncio.sleep(_HEARTBEAT_S)

    async def _sync(self) -> None:
        """Send the worker's own heartbeat and refresh its view of the pool."""
        while True:
            await asyncio.sleep(self.heartbeat_interval_seconds)
            try:
                await self.sync_with_backend()
            except (httpx.HTTPError, PrefectException) as error:
                log.warning("sync_failed", error=repr(error))


def _beat(flow_run_id: UUID) -> None:
    emit_event("prefect.flow-run.heartbeat", {"prefect.resource.id": f"prefect.flow-run.{flow_run_id}"})

"""The scheduled runs of a work pool, without those whose flow this release does not have."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import httpx
import structlog
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import WorkerFlowRunResponse
from prefect.exceptions import PrefectException

from blurline.version import VERSION
from deployments.worker.configuration import WarmConfiguration
from deployments.worker.new_runs import NewRuns

log = structlog.get_logger()

_KNOWN_S = 30
_DUE_S = 0.3  # shorter than the pause between two polls for the slots
_DUE_RUNS = 10
_PAGES = 20
_PAGE_RUNS = 100


@dataclass(slots=True)
class _Due:
    """Prefect's answer for all queues: ``entries`` of None say nothing. A queue in ``given`` has had its runs.

    It holds until ``expires_s`` on the monotonic clock, and until the next run after ``number``.
    """

    expires_s: float = 0.0
    number: int = 0
    entries: list[WorkerFlowRunResponse] | None = None
    given: set[str] = field(default_factory=set)


class ScheduledRuns:
    """The runs that the pool's queues offer.

    One request asks for the runs of all queues, and the queues share its answer until the next poll, the next run or
    their own next question: a request for each would keep the server busy. A queue asks by itself only when more runs
    are due than one answer holds.

    A run of a flow that only a newer release has is left to a newer worker. Many of those may come before ours, so a
    poll reads on behind them, and the next polls start there for half a minute.
    """

    def __init__(self, pool: str, new_runs: NewRuns) -> None:
        self._pool, self._new_runs = pool, new_runs
        self._left: set[UUID | None] = set()
        self._read_from: dict[str, tuple[float, datetime]] = {}
        self._deployments: dict[UUID | None, tuple[float, WarmConfiguration]] = {}
        self._asking = asyncio.Lock()
        self._due = _Due()

    async def poll(self, client: PrefectClient, queue: str, limit: int) -> list[WorkerFlowRunResponse] | None:
        """The next runs of a queue that this release can run, about ``limit``; None when Prefect did not answer."""
        due = await self._due_of(client, queue)
        if due is not None:
            return [entry for entry in due if await self.is_known(client, entry.flow_run)]
        expires_s, after = self._read_from.get(queue, (0.0, None))
        if expires_s < time.monotonic():
            after = None
        for _ in range(_PAGES):
            entries = await self._page(client, queue, limit, after)
            if entries is None:
                return None
            ours = [entry for entry in entries if await self.is_known(client, entry.flow_run)]
            following = entries[-1].flow_run.next_scheduled_start_time if entries else None
            if ours or len(entries) < limit or following is None or following == after:
                return ours
            limit, after = _PAGE_RUNS, following
            self._read_from[queue] = time.monotonic() + _KNOWN_S, following
        return []

    async def is_known(self, client: PrefectClient, flow_run: FlowRun) -> bool:
        """Whether this release has the run's flow: a newer release may have deployed other flows."""
        try:
            configuration = await self.configuration(client, flow_run)
        except (httpx.HTTPError, PrefectException) as error:
            log.warning("deployment_not_read", flow_run_id=str(flow_run.id), error=repr(error))
            return False
        if not configuration.is_known and flow_run.deployment_id not in self._left:
            self._left.add(flow_run.deployment_id)
            log.warning("run_left_to_newer_worker", flow_run_id=str(flow_run.id), version=VERSION)
        return configuration.is_known

    async def configuration(self, client: PrefectClient, flow_run: FlowRun) -> WarmConfiguration:
        """The configuration of the run's deployment, read at most once in half a minute."""
        known = self._deployments.get(flow_run.deployment_id)
        if known is None or known[0] < time.monotonic():
            assert flow_run.deployment_id is not None
            deployment = await client.read_deployment(flow_run.deployment_id)
            configuration = WarmConfiguration()
            configuration.prepare_for_flow_run(flow_run, deployment)
            known = time.monotonic() + _KNOWN_S, configuration
            self._deployments[flow_run.deployment_id] = known
        return known[1]

    async def _due_of(self, client: PrefectClient, queue: str) -> list[WorkerFlowRunResponse] | None:
        """All runs of a queue that are due; None when Prefect does not answer, or has more than one answer holds."""
        async with self._asking:
            due = self._due
            if due.expires_s < time.monotonic() or due.number != self._new_runs.number or queue in due.given:
                number = self._new_runs.number
                entries = await self._page(client, None, _DUE_RUNS, None)
                if entries is not None and not _is_whole(entries):
                    entries = None
                due = self._due = _Due(time.monotonic() + self._new_runs.pause_s(_DUE_S), number, entries)
            if due.entries is None:
                return None
            found = [entry for entry in due.entries if entry.flow_run.work_queue_name == queue]
            if found:
                due.given.add(queue)
            return found

    async def _page(
        self, client: PrefectClient, queue: str | None, limit: int, after: datetime | None
    ) -> list[WorkerFlowRunResponse] | None:
        """The runs of a queue (None: of any) that are due, the oldest first, from a time on."""
        body = {
            "work_queue_names": [queue] if queue else None,
            "scheduled_before": datetime.now(UTC).isoformat(),
            "scheduled_after": after and after.isoformat(),
            "limit": limit,
        }
        try:
            response = await client.request(
                "POST",
                "/work_pools/{name}/get_scheduled_flow_runs",
                path_params={"name": self._pool},
                json=body,
            )
        except httpx.HTTPError as error:
            log.warning("poll_failed", queue=queue, error=repr(error))
            return None
        return WorkerFlowRunResponse.model_validate_list(response.json())


def _is_whole(entries: list[WorkerFlowRunResponse]) -> bool:
    """Whether an answer for all queues has every run that is due, each with its queue."""
    return len(entries) < _DUE_RUNS and all(entry.flow_run.work_queue_name for entry in entries)

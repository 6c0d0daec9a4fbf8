"""The scheduled runs of a work pool, without those whose flow this release does not have."""

from __future__ import annotations

import asyncio
import time
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
_ANY_DUE_S = 0.3  # shorter than the pause between two polls for the slots
_PAGES = 20
_PAGE_RUNS = 100


class ScheduledRuns:
    """The runs that the pool's queues offer.

    An idle worker sends one request for all queues; they share its answer until the next poll or the next run. Five
    requests would keep the server busy.

    A run of a flow that only a newer release has is left to a newer worker. Many of those may come before ours, so a
    poll reads on behind them, and the next polls start there for half a minute.
    """

    def __init__(self, pool: str, new_runs: NewRuns) -> None:
        self._pool, self._new_runs = pool, new_runs
        self._left: set[UUID | None] = set()
        self._read_from: dict[str, tuple[float, datetime]] = {}
        self._deployments: dict[UUID | None, tuple[float, WarmConfiguration]] = {}
        self._asking = asyncio.Lock()
        self._any_due = (0.0, 0, False)

    async def poll(self, client: PrefectClient, queue: str, limit: int) -> list[WorkerFlowRunResponse] | None:
        """The next runs of a queue that this release can run, about ``limit``; None when Prefect did not answer."""
        if not await self._is_any_due(client):
            return []
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

    async def _is_any_due(self, client: PrefectClient) -> bool:
        """Whether any queue may have runs. True when Prefect does not answer: the poll that follows reports it."""
        async with self._asking:
            expires_s, number, is_any = self._any_due
            if expires_s < time.monotonic() or number != self._new_runs.number:
                number = self._new_runs.number
                entries = await self._page(client, None, 1, None)
                is_any = entries is None or bool(entries)
                self._any_due = time.monotonic() + self._new_runs.pause_s(_ANY_DUE_S), number, is_any
            return is_any

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

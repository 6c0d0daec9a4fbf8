"""The scheduled runs of a work pool, and whether this release has their flows."""

from __future__ import annotations

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

log = structlog.get_logger()

_DEPLOYMENT_KNOWN_S = 30


class ScheduledRuns:
    """The runs that the pool's queues offer, without those that need a newer release."""

    def __init__(self, pool: str) -> None:
        self._pool = pool
        self._left: set[UUID] = set()
        self._deployments: dict[UUID | None, tuple[float, WarmConfiguration]] = {}

    async def poll(self, client: PrefectClient, queue: str, limit: int) -> list[WorkerFlowRunResponse] | None:
        """The next runs of a queue, at most ``limit``; None when Prefect did not answer."""
        body = {
            "work_queue_names": [queue],
            "scheduled_before": datetime.now(UTC).isoformat(),
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
        entries = WorkerFlowRunResponse.model_validate_list(response.json())
        return [entry for entry in entries if entry.flow_run.id not in self._left]

    async def is_known(self, client: PrefectClient, flow_run: FlowRun) -> bool:
        """Whether this release has the run's flow: a newer release may have deployed other flows."""
        try:
            configuration = await self.configuration(client, flow_run)
        except (httpx.HTTPError, PrefectException) as error:
            log.warning("deployment_not_read", flow_run_id=str(flow_run.id), error=repr(error))
            return False
        if not configuration.is_known:
            self._left.add(flow_run.id)
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
            known = time.monotonic() + _DEPLOYMENT_KNOWN_S, configuration
            self._deployments[flow_run.deployment_id] = known
        return known[1]

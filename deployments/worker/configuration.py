"""Where the flow of a run is, and how a run ended."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.client.schemas.objects import FlowRun
from prefect.workers.base import BaseJobConfiguration, BaseWorkerResult
from pydantic import PrivateAttr

from deployments.worker.worker_process_main import RunOrder

if TYPE_CHECKING:
    from prefect.client.schemas.objects import Flow, WorkPool
    from prefect.client.schemas.responses import DeploymentResponse


class WarmConfiguration(BaseJobConfiguration):
    """The entrypoint and version of a run's flow, from its deployment."""

    _entrypoint: str = PrivateAttr(default="")
    _version: str = PrivateAttr(default="")

    def prepare_for_flow_run(
        self,
        flow_run: FlowRun,
        deployment: DeploymentResponse | None = None,
        flow: Flow | None = None,
        work_pool: WorkPool | None = None,
        worker_name: str | None = None,
        worker_id: UUID | None = None,
    ) -> None:
        """Store entrypoint and version of the deployment."""
        super().prepare_for_flow_run(flow_run, deployment, flow, work_pool, worker_name, worker_id)
        if deployment is None or deployment.entrypoint is None:
            raise ValueError("A blurline work pool runs deployments with an entrypoint only.")
        self._entrypoint = deployment.entrypoint
        self._version = str(deployment.updated)

    @property
    def is_known(self) -> bool:
        """Whether this release has the module of the flow."""
        module, _, _ = self._entrypoint.rpartition(".")
        return ":" in self._entrypoint or importlib.util.find_spec(module) is not None

    def order(self, flow_run: FlowRun) -> RunOrder:
        """The order for a worker process."""
        return RunOrder(flow_run.model_dump_json(), self._entrypoint, self._version)


class WarmResult(BaseWorkerResult):
    """The end of a run in a process; a status code other than 0 marks the run as crashed."""

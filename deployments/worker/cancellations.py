"""Cancelling runs: an operator asks Prefect for it, the worker ends the run in its process and records the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from uuid import UUID

import anyio.abc
import httpx
import structlog
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import State, StateType
from prefect.exceptions import PrefectException
from prefect.states import Cancelled

from deployments.worker.worker_process import WorkerProcess

log = structlog.get_logger()

_POLL_S = 2.0
_TIMEOUT_S = 10


class Cancellations:
    """The cancellations of the ``active`` runs, whose processes it ends."""

    def __init__(self, active: Mapping[UUID, WorkerProcess]) -> None:
        self._active = active
        self._cancelling: set[UUID] = set()

    async def watch(self, client: PrefectClient, tasks: anyio.abc.TaskGroup) -> None:
        """Ask Prefect for cancelled runs forever, and start a task for each that ends it."""
        while True:
            await asyncio.sleep(_POLL_S)
            if not self._active:
                continue
            cancelling = FlowRunFilter(
                id=FlowRunFilterId(any_=list(self._active)),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLING])),
            )
            try:
                found = await client.read_flow_runs(flow_run_filter=cancelling)
            except (httpx.HTTPError, PrefectException) as error:
                log.warning("cancellation_poll_failed", error=repr(error))
                continue
            for flow_run in found:
                tasks.start_soon(self.cancel, flow_run.id)

    async def cancel(self, flow_run_id: UUID) -> None:
        """End a run; kill its process if that takes too long. A run that is not active, or is ending, is left alone."""
        process = self._active.get(flow_run_id)
        if process is None or flow_run_id in self._cancelling:
            return
        self._cancelling.add(flow_run_id)
        process.cancel()
        deadline = time.monotonic() + _TIMEOUT_S
        while self._active.get(flow_run_id) is process:
            if time.monotonic() > deadline:
                process.kill()
                return
            await asyncio.sleep(0.05)

    async def finish(self, client: PrefectClient, flow_run_id: UUID, *, is_cancelled: bool = False) -> bool:
        """Mark a cancelled run as Cancelled, however it ended. Return False if it was not cancelled.

        ``is_cancelled``: its process says so, also of a run that came to its end before `watch` saw the cancellation.
        """
        if flow_run_id not in self._cancelling and not is_cancelled:
            return False
        self._cancelling.discard(flow_run_id)
        cancelled: State[None] = Cancelled(message="Cancelled by request")
        try:
            await client.set_flow_run_state(flow_run_id, cancelled, force=True)
        except (httpx.HTTPError, PrefectException) as error:
            log.warning("cancellation_not_recorded", flow_run_id=str(flow_run_id), error=repr(error))
        return True

"""Flow runs of the `anonymize` deployment, created over Prefect's REST API.

A few requests are all that the front needs of Prefect, so its client (and half a minute of its retries, with
rows locked meanwhile) stays out of this process: the outbox is what retries.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import httpx
import structlog

from blurline.contract import Worker
from blurline.errors import RetryableError
from blurline.settings import Settings
from blurline.version import version_of_worker
from sql.jobs.outbox import DEPLOYMENT, Waiting

log = structlog.get_logger()

_TIMEOUT_S = 10


class PrefectUnavailable(RetryableError):
    """The Prefect server did not answer, or has no such deployment."""

    code = "prefect_unavailable"


class FlowRuns:
    """Creates flow runs. One a process; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        headers = {"Authorization": f"Bearer {settings.prefect_key}"} if settings.prefect_key else {}
        self._http = httpx.Client(
            base_url=settings.prefect_api_url, auth=settings.prefect_auth, headers=headers, timeout=_TIMEOUT_S
        )
        self._work_pool = settings.work_pool
        self._deployment_id: UUID | None = None

    def close(self) -> None:
        """Close idle connections."""
        self._http.close()

    def create(self, waiting: Waiting) -> UUID:
        """Create the batch's flow run and return its id; a repeat finds the first. Raises PrefectUnavailable."""
        if self._deployment_id is None:
            self.check()
        try:
            return UUID(
                self._ask("POST", f"/deployments/{self._deployment_id}/create_flow_run", waiting.flow_run)["id"]
            )
        except PrefectUnavailable:
            self._deployment_id = None  # it may have been deployed anew
            raise

    def cancel(self, flow_run_ids: Iterable[UUID]) -> None:
        """Ask for flow runs to be ended. One that is not ended finds nothing left to do, so a fault is only logged."""
        for flow_run_id in flow_run_ids:
            try:
                self._ask("POST", f"/flow_runs/{flow_run_id}/set_state", {"state": {"type": "CANCELLING"}})
            except PrefectUnavailable as error:
                log.warning("flow_run_not_cancelled", flow_run_id=str(flow_run_id), error=str(error))

    def check(self) -> None:
        """Raise PrefectUnavailable unless Prefect answers and has the deployment."""
        self._deployment_id = UUID(self._ask("GET", f"/deployments/name/{DEPLOYMENT}")["id"])

    def workers(self) -> list[Worker]:
        """Who has joined the work pool, the last that gave a sign of life first. Raises PrefectUnavailable."""
        try:
            response = self._http.post(f"/work_pools/{self._work_pool}/workers/filter", json={})
            return [
                Worker(
                    name=each["name"],
                    status=each["status"],
                    last_heartbeat_at=each["last_heartbeat_time"],
                    version=version_of_worker(each["name"]),
                )
                for each in response.raise_for_status().json()
            ]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise PrefectUnavailable(f"Prefect did not answer as it should: {error!r}") from error

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, json=body)
            if response.status_code == httpx.codes.NOT_FOUND:
                raise PrefectUnavailable(f"Prefect has no deployment {DEPLOYMENT}: run `blurline deploy`.")
            answer: dict[str, Any] = response.raise_for_status().json()
            if response.request.method == "GET" or "create" in path:
                UUID(answer["id"])  # a proxy may answer 200 with a page of its own
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise PrefectUnavailable(f"Prefect did not answer as it should: {error!r}") from error
        return answer

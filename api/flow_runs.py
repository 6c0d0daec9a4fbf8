"""Flow runs of the `anonymize` deployment, created through Prefect's client."""

from __future__ import annotations

from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound

from blurline.errors import RetryableError
from sql.outbox import Waiting

DEPLOYMENT = "anonymize/anonymize"


class PrefectUnavailable(RetryableError):
    """The Prefect server did not answer, or has no such deployment."""

    code = "prefect_unavailable"


class FlowRuns:
    """Creates flow runs. One a process; safe to share between threads."""

    def __init__(self) -> None:
        self._client: SyncPrefectClient = get_client(sync_client=True)
        self._deployment_id: UUID | None = None

    def create(self, waiting: Waiting) -> UUID:
        """Create the batch's flow run and return its id; a repeat finds the first. Raises PrefectUnavailable."""
        try:
            run = self._client.create_flow_run_from_deployment(
                self._deployment(),
                parameters={"batch_id": str(waiting.batch_id)},
                idempotency_key=str(waiting.batch_id),
                work_queue_name=waiting.queue,
                tags=[f"job:{waiting.job_id}"],
            )
        except ObjectNotFound as error:
            self._deployment_id = None
            raise PrefectUnavailable(f"Prefect has no deployment {DEPLOYMENT}: run `blurline deploy`.") from error
        except httpx.HTTPError as error:
            raise PrefectUnavailable(f"Prefect did not answer: {error!r}") from error
        return run.id

    def check(self) -> None:
        """Raise PrefectUnavailable unless Prefect answers and has the deployment."""
        try:
            self._client.read_deployment_by_name(DEPLOYMENT)
        except ObjectNotFound as error:
            raise PrefectUnavailable(f"Prefect has no deployment {DEPLOYMENT}: run `blurline deploy`.") from error
        except httpx.HTTPError as error:
            raise PrefectUnavailable(f"Prefect did not answer: {error!r}") from error

    def _deployment(self) -> UUID:
        if self._deployment_id is None:
            self._deployment_id = self._client.read_deployment_by_name(DEPLOYMENT).id
        return self._deployment_id

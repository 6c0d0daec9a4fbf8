"""Flow runs of the `anonymize` deployment, over Prefect's REST API.

The API, the flows and the doctor need a few requests only. Prefect's own client would retry for half a minute while
rows are locked, and importing it is slow; here the outbox and the reconciler's schedule retry (decision 21).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import httpx

from blurline.errors import RetryableError
from blurline.settings import Settings

DEPLOYMENT = "anonymize/anonymize"
"""The deployment, as Prefect names it, whose flow runs carry the batches."""

IMPORT_DEPLOYMENT = "import-backlog/import-backlog"
"""The deployment whose flow runs list the sources of imports."""

NO_HEARTBEAT = "No heartbeat for 90 seconds."
"""The message of the automation that marks runs as crashed."""

_TIMEOUT_S = 10
_INFO = 20
_MOST_STATES = 200
_MOST_CANCELLED = 20  # Prefect takes up to 50 and needs tens of milliseconds for each
_REFUSED = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}


class PrefectUnavailable(RetryableError):
    """The Prefect server did not respond, or it lacks the deployment or the flow run."""

    code = "prefect_unavailable"


class PrefectRefused(PrefectUnavailable):
    """The Prefect server does not accept our key or password."""


class RunStateType(StrEnum):
    """Prefect's types of states of a flow run."""

    SCHEDULED = "SCHEDULED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    CANCELLING = "CANCELLING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CRASHED = "CRASHED"
    CANCELLED = "CANCELLED"

    @property
    def is_final(self) -> bool:
        """Whether the flow run has ended."""
        return self in {RunStateType.COMPLETED, RunStateType.FAILED, RunStateType.CRASHED, RunStateType.CANCELLED}


@dataclass(frozen=True, slots=True)
class RunState:
    """The state of a flow run. ``age_s`` is how long the run has been in it."""

    type: RunStateType
    age_s: float
    message: str = ""


@dataclass(frozen=True, slots=True)
class PoolWorker:
    """A worker of the work pool."""

    name: str
    status: str
    last_heartbeat_at: datetime | None


class FlowRuns:
    """Creates, reads and ends flow runs. One a process; safe to share between threads.

    Every method but `close` raises PrefectUnavailable.
    """

    def __init__(self, settings: Settings) -> None:
        headers = {"Authorization": f"Bearer {settings.prefect.key}"} if settings.prefect.key else {}
        self._http = httpx.Client(
            base_url=settings.prefect.api_url, auth=settings.prefect.auth, headers=headers, timeout=_TIMEOUT_S
        )
        self._work_pool = settings.prefect.work_pool
        self._deployment_ids: dict[str, UUID] = {}

    def close(self) -> None:
        """Close idle connections."""
        self._http.close()

    def create(self, flow_run: dict[str, Any], deployment: str = DEPLOYMENT) -> UUID:
        """Create a flow run and return its id; a repeated ``idempotency_key`` returns the first run's id."""
        if deployment not in self._deployment_ids:
            self._find(deployment)
        try:
            with _answering():
                path = f"/deployments/{self._deployment_ids[deployment]}/create_flow_run"
                return UUID(self._ask("POST", path, flow_run, missing=_not_deployed(deployment))["id"])
        except PrefectUnavailable:
            self._deployment_ids.pop(deployment, None)  # a new `blurline deploy` may have replaced it
            raise

    def create_import(self, import_id: UUID) -> UUID:
        """Create a flow run that continues an import, and return its id."""
        parameters = {"import_id": str(import_id), "dry_run": False}
        return self.create({"parameters": parameters, "tags": [f"import:{import_id}"]}, IMPORT_DEPLOYMENT)

    def cancel(self, flow_run_ids: Sequence[UUID], message: str = "") -> None:
        """Cancel the flow runs that have not ended. Scheduled ones end at once, others when their worker ends them."""
        unended = {"type": {"any_": [each for each in RunStateType if not each.is_final]}}
        for start in range(0, len(flow_run_ids), _MOST_CANCELLED):
            ids = [str(each) for each in flow_run_ids[start : start + _MOST_CANCELLED]]
            body = {
                "flow_runs": {"id": {"any_": ids}, "state": unended},
                "state": {"type": RunStateType.CANCELLING, "message": message or None},
                "limit": len(ids),
            }
            with _answering():
                self._ask("POST", "/flow_runs/bulk_set_state", body)

    def force_state(self, flow_run_id: UUID, state: RunStateType, message: str) -> None:
        """Set a flow run's state, whatever Prefect's rules for the change say."""
        body = {"state": {"type": state, "message": message or None}, "force": True}
        with _answering():
            self._ask("POST", f"/flow_runs/{flow_run_id}/set_state", body)

    def write_log(self, flow_run_id: UUID, message: str) -> None:
        """Write a line to the log that the flow run's page shows."""
        line = {"name": "blurline", "level": _INFO, "message": message, "timestamp": datetime.now(UTC).isoformat()}
        with _answering():
            self._http.post("/logs/", json=[line | {"flow_run_id": str(flow_run_id)}]).raise_for_status()

    def write_table(
        self, flow_run_id: UUID, key: str, rows: Sequence[Mapping[str, str | int]], description: str
    ) -> None:
        """Add a table to the artifacts of a flow run. ``description`` is Markdown."""
        table = {"key": key, "type": "table", "data": json.dumps([dict(row) for row in rows])}
        with _answering():
            self._ask("POST", "/artifacts/", table | {"description": description, "flow_run_id": str(flow_run_id)})

    def states(self, flow_run_ids: Sequence[UUID]) -> dict[UUID, RunState]:
        """The states of those flow runs that Prefect still has, by id."""
        found: dict[UUID, RunState] = {}
        for start in range(0, len(flow_run_ids), _MOST_STATES):
            ids = [str(each) for each in flow_run_ids[start : start + _MOST_STATES]]
            with _answering():
                rows = self._ask("POST", "/flow_runs/filter", {"flow_runs": {"id": {"any_": ids}}, "limit": len(ids)})
                found |= {UUID(row["id"]): _state(row["state"]) for row in rows if row["state"] is not None}
        return found

    def scheduled_batches(self, longer_than_s: float, limit: int = _MOST_STATES) -> dict[UUID, UUID]:
        """The batches, by flow run, of runs that have been due for this long and were never started, oldest first."""
        body = {
            "deployments": {"name": {"any_": [DEPLOYMENT.partition("/")[2]]}},
            "flow_runs": {
                "state": {"type": {"any_": [RunStateType.SCHEDULED]}},
                "expected_start_time": {"before_": (datetime.now(UTC) - timedelta(seconds=longer_than_s)).isoformat()},
            },
            "sort": "EXPECTED_START_TIME_ASC",
            "limit": limit,
        }
        with _answering():
            rows = self._ask("POST", "/flow_runs/filter", body)
            waiting = {UUID(row["id"]): _batch_id(row) for row in rows if not row["run_count"]}
            return {flow_run_id: batch_id for flow_run_id, batch_id in waiting.items() if batch_id is not None}

    def check(self) -> None:
        """Raise PrefectUnavailable unless Prefect responds and has the deployment."""
        self._find(DEPLOYMENT)

    def workers(self, within_s: float = _TIMEOUT_S) -> list[PoolWorker]:
        """The workers of the work pool, the most recent heartbeat first."""
        with _answering():
            rows = self._ask("POST", f"/work_pools/{self._work_pool}/workers/filter", {}, within_s=within_s)
            return [PoolWorker(row["name"], row["status"], _time(row["last_heartbeat_time"])) for row in rows]

    def read(self, path: str, query: dict[str, Any] | None = None) -> Any:
        """Return what Prefect has at a path, or what a query sent there finds. None when the path does not exist."""
        with _answering():
            response = self._http.request("GET" if query is None else "POST", path, json=query)
            return None if response.status_code == httpx.codes.NOT_FOUND else response.raise_for_status().json()

    def _find(self, deployment: str) -> None:
        with _answering():
            found = self._ask("GET", f"/deployments/name/{deployment}", missing=_not_deployed(deployment))
            self._deployment_ids[deployment] = UUID(found["id"])

    def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        missing: str = "",
        within_s: float = _TIMEOUT_S,
    ) -> Any:
        response = self._http.request(method, path, json=body, timeout=within_s)
        if missing and response.status_code == httpx.codes.NOT_FOUND:
            raise PrefectUnavailable(missing)
        return response.raise_for_status().json()


def _not_deployed(deployment: str) -> str:
    return f"Prefect has no deployment {deployment}. Run `blurline deploy`."


@contextmanager
def _answering() -> Iterator[None]:
    """Raise PrefectUnavailable for a fault, also when a proxy answers 200 with its own page."""
    try:
        yield
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, httpx.HTTPStatusError) and error.response.status_code in _REFUSED:
            raise PrefectRefused(f"Prefect refuses our requests ({error.response.status_code}).") from error
        raise PrefectUnavailable(f"Prefect did not respond as expected: {error!r}") from error


def _state(found: dict[str, Any]) -> RunState:
    since = datetime.fromisoformat(found["timestamp"])
    age_s = (datetime.now(UTC) - since).total_seconds()
    return RunState(RunStateType(found["type"]), age_s, found.get("message") or "")


def _batch_id(flow_run: dict[str, Any]) -> UUID | None:
    """The batch of a flow run; None when a person started it with something else."""
    try:
        return UUID(str(flow_run["parameters"].get("batch_id")))
    except ValueError:
        return None


def _time(found: str | None) -> datetime | None:
    return datetime.fromisoformat(found) if found else None

"""A real Prefect server with Blurline's deployments, over the PostgreSQL of the test run. It has no worker."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
from pydantic import SecretStr

from blurline.settings import Settings
from deployments.deploy import deploy
from tests.acceptance.stack import BLURLINE, free_ports
from tests.servers import environment_of
from tests.waiting import TIMEOUT_S, wait_for

_PASSWORD = "admin:of-the-tests"


@dataclass(frozen=True, slots=True)
class Prefect:
    """A running server."""

    settings: Settings
    home: Path
    client: httpx.Client

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a `blurline` command that uses the server."""
        return environment_of(self.settings) | {"PREFECT_HOME": str(self.home), "PREFECT_LOGGING_LEVEL": "WARNING"}

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """What the server answers."""
        return self.client.post(path, json=body).raise_for_status().json()

    def clear(self) -> None:
        """Delete every flow run."""
        while runs := self.post("/flow_runs/filter", {"limit": 200}):
            self.post("/flow_runs/bulk_delete", {"flow_runs": {"id": {"any_": [run["id"] for run in runs[:50]]}}})

    def deployment(self, name: str) -> dict[str, Any]:
        """A deployment, by the name of its flow."""
        found: dict[str, Any] = self.client.get(f"/deployments/name/{name}/{name}").raise_for_status().json()
        return found

    def schedule_run(self, name: str, ago: timedelta = timedelta(), **more: Any) -> str:
        """Create a scheduled flow run of a deployment that is due for this long; its id."""
        due = (datetime.now(UTC) - ago).isoformat()
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": due}}
        path = f"/deployments/{self.deployment(name)['id']}/create_flow_run"
        return str(self.post(path, {"state": state, **more})["id"])

    def states(self, ids: Sequence[object]) -> list[str]:
        """The types of the states of flow runs, in the order of their ids."""
        wanted = {"flow_runs": {"id": {"any_": [str(each) for each in ids]}}}
        found = {run["id"]: run["state_type"] for run in self.post("/flow_runs/filter", wanted)}
        return [found[str(each)] for each in ids]


@contextmanager
def running_prefect(settings: Settings, home: Path) -> Iterator[Prefect]:
    """Start the server as `blurline prefect` does and set it up with `blurline deploy`."""
    (port,) = free_ports(1)
    own = urlsplit(settings.database.conninfo)
    known = settings.replace(
        prefect_api_url=f"http://127.0.0.1:{port}/api",
        prefect_api_auth_string=SecretStr(_PASSWORD),
        prefect_database_url=SecretStr(urlunsplit(own._replace(path="/prefect"))),
    )
    user, _, password = _PASSWORD.partition(":")
    with httpx.Client(base_url=known.prefect.api_url, auth=(user, password), timeout=TIMEOUT_S) as client:
        prefect = Prefect(known, home, client)
        command = [BLURLINE, "prefect", "--host", "127.0.0.1", "--port", str(port)]
        with (home / "prefect.log").open("w") as log:
            process = subprocess.Popen(command, env=prefect.environment, stdout=log, stderr=log)
        try:
            wait_for("Prefect is up", lambda: _is_ready(client))
            deploy(prefect.environment)
            yield prefect
        finally:
            process.terminate()
            process.wait(TIMEOUT_S)


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/ready").is_success
    except httpx.HTTPError:
        return False

"""The embedded stack: its parts and their setup.

A part is left out if the URL of an external one is set: BLURLINE_DATABASE_URL, BLURLINE_S3_ENDPOINT, PREFECT_API_URL.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from blurline.access.tokens import Scope
from blurline.errors import ConfigurationError
from blurline.settings import PREFIX, STACK_FILE, Settings, load_secrets
from deployments.create_buckets import make_buckets
from deployments.deploy import deploy, deployments_fingerprint
from deployments.embedded.home import Home
from deployments.embedded.postgres import create_databases, postgres_part, postgres_url
from deployments.embedded.seaweed import INTERNAL_PORTS, seaweed_parts
from deployments.embedded.supervisor import Part, Supervisor, names_of
from sql.access.sign_in_links import accepts_links, create_link
from sql.engine.migrate import migrate

DEFAULT_PORTS = {
    "api": 8000,
    "worker_metrics": 8001,
    "dashboard": 8501,
    "prefect": 4200,
    "postgres": 54320,
    "s3": 8333,
}
_HOST = "127.0.0.1"

_PREFECT_CLIENT = {
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500,502,504",
}


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the stack. The UI of its own Prefect asks for a password (`blurline prefect-password`)."""

    api: str
    dashboard: str
    prefect_ui: str
    is_own_prefect: bool
    api_metrics: str
    worker_metrics: str


class EmbeddedStack:
    """The whole stack on one data folder. Raises ConfigurationError when it cannot run there."""

    def __init__(self, home_path: Path, workers: int | None = None) -> None:
        self._given = {**load_secrets(), **os.environ}
        self._own_database = not self._given.get("BLURLINE_DATABASE_URL")
        self._own_store = not self._given.get("BLURLINE_S3_ENDPOINT")
        self._own_prefect = not self._given.get("PREFECT_API_URL")
        if self._own_prefect and not self._own_database and not self._given.get("BLURLINE_PREFECT_DATABASE_URL"):
            raise ConfigurationError(
                "With your own PostgreSQL, Prefect needs a second database. Set BLURLINE_PREFECT_DATABASE_URL, or "
                "PREFECT_API_URL if a Prefect server runs elsewhere."
            )
        self._home = Home(home_path)
        (self._home.path / STACK_FILE).unlink(missing_ok=True)
        self._home.end_leftovers()
        self._secrets = self._home.secrets()
        self._ports = self._home.ports(DEFAULT_PORTS | dict.fromkeys(INTERNAL_PORTS, 0))
        self._environment = {**self._given, **self._shared_environment()}
        self._settings = Settings.of(self._environment)
        self._supervisor = Supervisor(self._home, self._parts(workers))

    @property
    def addresses(self) -> Addresses:
        """The addresses of the parts."""
        return Addresses(
            api=self._environment["BLURLINE_API_URL"],
            dashboard=f"http://{_HOST}:{self._ports['dashboard']}",
            prefect_ui=self._environment["BLURLINE_PREFECT_UI_URL"],
            is_own_prefect=self._own_prefect,
            api_metrics=f"{self._environment['BLURLINE_API_URL']}/metrics",
            worker_metrics=f"http://{_HOST}:{self._ports['worker_metrics']}/metrics",
        )

    def start(self, on_ready: Callable[[str, float], None]) -> None:
        """Start everything, wait until it is healthy, and write the addresses for other commands.

        ``on_ready`` gets the name of each part that is ready, and the seconds since its start.
        """
        for is_own, set_up in (
            (self._own_database, self._set_up_database),
            (self._own_store, self._set_up_store),
            (self._own_prefect, self._set_up_prefect),
        ):
            if not is_own:
                set_up()
        self._supervisor.start(on_ready)
        names = sorted(name for name in self._shared_environment() if name.startswith((PREFIX, "PREFECT_API")))
        lines = [f"{name}={self._environment[name]}" for name in names if name != f"{PREFIX}HOME"]
        self._home.write_private(STACK_FILE, "\n".join(lines) + "\n")

    @property
    def accepts_links(self) -> bool:
        """Whether one-time links sign in at the dashboard."""
        return accepts_links(self._settings)

    def dashboard_link(self) -> str:
        """A new link that signs the operator in at the dashboard. Raises ConfigurationError."""
        return create_link(self._settings, "operator", list(Scope))

    def watch(self) -> None:
        """Restart parts that have died. Call it repeatedly."""
        self._supervisor.watch()

    def stop(self) -> None:
        """Stop everything in reverse order."""
        self._supervisor.stop()
        (self._home.path / STACK_FILE).unlink(missing_ok=True)
        self._home.release()

    def _shared_environment(self) -> dict[str, str]:
        """The variables that every part needs."""
        secrets, ports = self._secrets, self._ports
        shared = {
            "BLURLINE_HOME": str(self._home.path),
            "BLURLINE_API_URL": f"http://{_HOST}:{ports['api']}",
            "BLURLINE_DASHBOARD_URL": f"http://{_HOST}:{ports['dashboard']}",
            "BLURLINE_METRICS_TOKEN": secrets["metrics_token"],
            "PREFECT_HOME": str(self._home.folder("prefect")),
            "PYTHONUNBUFFERED": "1",
            "BLURLINE_WORKER_DRAIN_S": "10",
            **_PREFECT_CLIENT,
        }
        if self._own_database:
            shared["BLURLINE_DATABASE_URL"] = postgres_url(secrets["database_password"], ports["postgres"], "blurline")
        if self._own_store:
            shared["BLURLINE_S3_ENDPOINT"] = f"http://{_HOST}:{ports['s3']}"
            shared["BLURLINE_S3_ACCESS_KEY"] = secrets["s3_access_key"]
            shared["BLURLINE_S3_SECRET_KEY"] = secrets["s3_secret_key"]
        if self._own_prefect:
            shared["BLURLINE_PREFECT_UI_URL"] = f"http://{_HOST}:{ports['prefect']}"
            shared["PREFECT_API_URL"] = f"http://{_HOST}:{ports['prefect']}/api"
            shared["PREFECT_API_AUTH_STRING"] = f"admin:{secrets['prefect_password']}"
        else:
            shared["BLURLINE_PREFECT_UI_URL"] = self._given["PREFECT_API_URL"].removesuffix("/api")
        return {
            name: self._given.get(name, value) if name.startswith(PREFIX) else value for name, value in shared.items()
        }

    def _parts(self, workers: int | None) -> list[Part]:
        environment, secrets, ports = self._environment, self._secrets, self._ports
        database, store = [], []
        if self._own_database:
            server = postgres_part(self._home, secrets["database_password"], ports["postgres"], environment)
            database = [replace(server, once_ready=self._set_up_database)]
        if self._own_store:
            volumes, s3 = seaweed_parts(self._home, secrets, ports, environment)
            store = [volumes, replace(s3, once_ready=self._set_up_store)]
        prefect = [replace(self._prefect(), needs=names_of(database))] if self._own_prefect else []
        needs = names_of([*database, *store])
        servers = [replace(part, needs=needs) for part in (self._api(), self._dashboard(), self._worker(workers))]
        return [*database, *store, *prefect, *servers]

    def _set_up_database(self) -> None:
        if self._own_database:
            create_databases(self._secrets["database_password"], self._ports["postgres"])
        migrate(self._settings.database.conninfo)

    def _set_up_store(self) -> None:
        make_buckets(self._settings)

    def _set_up_prefect(self) -> None:
        """Deploy, unless this folder's own Prefect already has these deployments."""
        marker, wanted = self._home.path / "deployed", deployments_fingerprint()
        if not (self._own_prefect and marker.exists() and marker.read_text() == wanted):
            deploy(self._environment)
            marker.write_text(wanted)

    def _prefect(self) -> Part:
        port, url = self._ports["prefect"], self._environment["PREFECT_API_URL"]
        own_database = postgres_url(self._secrets["database_password"], self._ports["postgres"], "prefect")
        return Part(
            name="prefect",
            command=_python("blurline", "prefect", "--host", _HOST, "--port", str(port)),
            is_ready=lambda: _is_healthy(f"{url}/ready", self._environment["PREFECT_API_AUTH_STRING"]),
            once_ready=self._set_up_prefect,
            environment={"BLURLINE_PREFECT_DATABASE_URL": own_database, **self._environment},
        )

    def _api(self) -> Part:
        url = self._environment["BLURLINE_API_URL"]
        command = _python("blurline", "api", "--host", _HOST, "--port", str(self._ports["api"]))
        return Part("api", command, lambda: _is_healthy(f"{url}/liveness"), self._environment)

    def _dashboard(self) -> Part:
        port = self._ports["dashboard"]
        command = _python("blurline", "dashboard", "--host", _HOST, "--port", str(port))
        url = f"http://{_HOST}:{port}/_stcore/health"
        return Part("dashboard", command, lambda: _is_healthy(url), self._environment)

    def _worker(self, workers: int | None) -> Part:
        command = _python("blurline", "worker", *(["--limit", str(workers)] if workers else []))
        ready = self._home.path / "worker.ready"
        ready.unlink(missing_ok=True)
        # Not shared: another worker with this folder's settings would use the same port.
        environment = {
            **self._environment,
            "BLURLINE_WORKER_READY_FILE": str(ready),
            "BLURLINE_WORKER_METRICS_PORT": str(self._ports["worker_metrics"]),
            "BLURLINE_WORKER_METRICS_TOKEN": self._environment["BLURLINE_METRICS_TOKEN"],
        }
        return Part("worker", command, ready.exists, environment, stop_timeout_s=60)


def _python(module: str, *arguments: str) -> list[str]:
    """The command for a module of this installation, not of the current folder (``-P``)."""
    return [sys.executable, "-P", "-m", module, *arguments]


def _is_healthy(url: str, auth: str = "") -> bool:
    """Whether a part of this machine answers with success. Plain HTTP: no time for loading certificates."""
    try:
        user, _, password = auth.partition(":")
        return httpx.get(url, timeout=5, auth=(user, password) if auth else None, verify=False).is_success
    except httpx.HTTPError:
        return False

"""PostgreSQL, store, Prefect and API at an address that other hosts reach, set up as docs/operator.md says."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from blurline.settings import Settings, variable
from deployments.embedded.home import Home
from deployments.embedded.postgres import create_databases, postgres_part, postgres_url
from deployments.embedded.seaweed import INTERNAL_PORTS, seaweed_parts
from deployments.embedded.supervisor import Part, Supervisor, names_of
from tests.acceptance.stack import BLURLINE
from tests.servers import environment_of
from tests.waiting import TIMEOUT_S

HEARTBEATS_WITHIN_S, _RECONCILE_EVERY_S = 30, 10


@dataclass(frozen=True, slots=True)
class Services:
    """The running services. Other hosts get only ``settings``."""

    settings: Settings
    prefect: httpx.Client

    def environment(self, home: Path) -> dict[str, str]:
        """The environment of a command on any host with the data folder ``home``."""
        return environment_of(self.settings.replace(home=home)) | {"PREFECT_HOME": str(home / "prefect")}

    def command(self, *arguments: str) -> str:
        """The output of a `blurline` command on the host of the services."""
        command, environment = [BLURLINE, *arguments], self.environment(self.settings.home)
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def running_services(path: Path, address: str, **settings: Any) -> Iterator[Services]:
    """Start the services, with data in ``path`` and these settings besides the addresses."""
    home = Home(path)
    secrets = home.secrets()
    ports = home.ports(dict.fromkeys(("postgres", "s3", "prefect", "api", *INTERNAL_PORTS), 0))
    own_database = postgres_url(secrets["database_password"], ports["postgres"], "blurline")
    known = Settings.of(
        {
            **os.environ,
            "BLURLINE_HOME": path,
            "BLURLINE_DATABASE_URL": own_database.replace("127.0.0.1", address),
            "BLURLINE_S3_ENDPOINT": f"http://{address}:{ports['s3']}",
            "BLURLINE_S3_ACCESS_KEY": secrets["s3_access_key"],
            "BLURLINE_S3_SECRET_KEY": secrets["s3_secret_key"],
            "PREFECT_API_URL": f"http://{address}:{ports['prefect']}/api",
            "PREFECT_API_AUTH_STRING": f"admin:{secrets['prefect_password']}",
            "BLURLINE_API_URL": f"http://{address}:{ports['api']}",
            **{variable(name): value for name, value in settings.items()},
        }
    )
    with contextlib.ExitStack() as ending:
        ending.callback(home.release)
        prefect = httpx.Client(base_url=known.prefect.api_url, auth=known.prefect.auth, timeout=TIMEOUT_S)
        services = Services(known, ending.enter_context(prefect))
        storage = [_postgres(services, home, secrets, ports, address), *_store(services, home, secrets, ports)]
        servers = [replace(part, needs=names_of(storage)) for part in _servers(services, secrets, ports, address)]
        supervisor = Supervisor(home, [*storage, *servers])
        ending.callback(supervisor.stop)
        supervisor.start()
        yield services


def shorten_patience(prefect: httpx.Client) -> None:
    """Shorten the heartbeat timeout and the reconcile interval, as an operator would in the Prefect UI."""
    (automation,) = prefect.post("/automations/filter", json={}).raise_for_status().json()
    path = f"/automations/{automation['id']}"
    kept = {name: automation[name] for name in ("name", "description", "enabled", "trigger", "actions")}
    prefect.put(path, json=kept | {"trigger": kept["trigger"] | {"within": HEARTBEATS_WITHIN_S}}).raise_for_status()
    reconcile = prefect.get("/deployments/name/reconcile/reconcile").raise_for_status().json()
    for schedule in reconcile["schedules"]:
        every = {"schedule": {"interval": _RECONCILE_EVERY_S}}
        prefect.patch(f"/deployments/{reconcile['id']}/schedules/{schedule['id']}", json=every).raise_for_status()


def _postgres(services: Services, home: Home, secrets: dict[str, str], ports: dict[str, int], address: str) -> Part:
    password, port = secrets["database_password"], ports["postgres"]
    part = postgres_part(home, password, port, services.environment(home.path))
    with (home.path / "postgres" / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {address}/24 scram-sha-256\n")

    def set_up() -> None:
        create_databases(password, port)
        services.command("migrate")

    return replace(part, command=[*part.command, "-c", f"listen_addresses=127.0.0.1,{address}"], once_ready=set_up)


def _store(services: Services, home: Home, secrets: dict[str, str], ports: dict[str, int]) -> list[Part]:
    volumes, store = seaweed_parts(home, secrets, ports, services.environment(home.path))

    def set_up() -> None:
        services.command("buckets")

    return [volumes, replace(store, command=[*store.command, "-s3.ip.bind=0.0.0.0"], once_ready=set_up)]


def _servers(services: Services, secrets: dict[str, str], ports: dict[str, int], address: str) -> list[Part]:
    environment = services.environment(services.settings.home)
    database = postgres_url(secrets["database_password"], ports["postgres"], "prefect")

    def set_up() -> None:
        services.command("deploy")
        shorten_patience(services.prefect)

    return [
        Part(
            "prefect",
            [BLURLINE, "prefect", *_listening(address, ports["prefect"])],
            lambda: _answers(f"{services.settings.prefect.api_url}/ready", services.settings.prefect.auth),
            environment | {"BLURLINE_PREFECT_DATABASE_URL": database},
            once_ready=set_up,
        ),
        Part(
            "api",
            [BLURLINE, "api", *_listening(address, ports["api"])],
            lambda: _answers(f"{services.settings.api.url}/liveness"),
            environment,
        ),
    ]


def _listening(address: str, port: int) -> list[str]:
    return ["--host", address, "--port", str(port)]


def _answers(url: str, auth: tuple[str, str] | None = None) -> bool:
    try:
        return httpx.get(url, timeout=5, auth=auth).is_success
    except httpx.HTTPError:
        return False

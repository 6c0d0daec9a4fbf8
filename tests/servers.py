"""Real parts for tests and benchmarks: a separate PostgreSQL and S3 server, and API processes over them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from blurline.settings import SETTINGS, Settings
from blurline.storage.store import Store
from deployments.embedded.home import Home
from deployments.embedded.postgres import create_databases, postgres_part, postgres_url
from deployments.embedded.seaweed import INTERNAL_PORTS, seaweed_parts
from deployments.embedded.supervisor import Supervisor
from sql.engine.migrate import migrate
from tests.acceptance.stack import answers, free_ports
from tests.waiting import TIMEOUT_S, wait_for


@contextmanager
def running_servers(path: Path) -> Iterator[Settings]:
    """Settings that point to a migrated database and a store with buckets; their data lie in ``path``."""
    home = Home(path)
    secrets = home.secrets()
    ports = home.ports({"postgres": 0, "s3": 0} | dict.fromkeys(INTERNAL_PORTS, 0))
    environment = dict(os.environ)
    parts = [
        postgres_part(home, secrets["database_password"], ports["postgres"], environment),
        *seaweed_parts(home, secrets, ports, environment),
    ]
    supervisor = Supervisor(home, parts)
    with contextlib.ExitStack() as ending:
        ending.callback(home.release)
        ending.callback(supervisor.stop)
        supervisor.start()
        yield _set_up(home, secrets, ports)


def _set_up(home: Home, secrets: dict[str, str], ports: dict[str, int]) -> Settings:
    create_databases(secrets["database_password"], ports["postgres"])
    settings = Settings.of(
        {
            **os.environ,
            "BLURLINE_HOME": home.path,
            "BLURLINE_DATABASE_URL": postgres_url(secrets["database_password"], ports["postgres"], "blurline"),
            "BLURLINE_S3_ENDPOINT": f"http://127.0.0.1:{ports['s3']}",
            "BLURLINE_S3_ACCESS_KEY": secrets["s3_access_key"],
            "BLURLINE_S3_SECRET_KEY": secrets["s3_secret_key"],
        }
    )
    migrate(settings.database.conninfo)
    store = Store(settings)
    store.ensure_buckets()
    store.close()
    return settings


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment of a command with these settings."""
    given = {
        variable: setting.value(settings)
        for variable, setting in SETTINGS.items()
        if setting.name in setting.place(settings).model_fields_set
    }
    shown = {name: each.get_secret_value() if isinstance(each, SecretStr) else each for name, each in given.items()}
    return {**os.environ, **{name: str(each) for name, each in shown.items()}}


@dataclass(frozen=True, slots=True)
class ApiProcess:
    """An API replica in a separate process."""

    process: subprocess.Popen[bytes]
    url: str


@contextmanager
def running_apis(settings: Settings, count: int) -> Iterator[list[ApiProcess]]:
    """Start this many replicas with these settings, as an operator does."""
    ports = free_ports(count)
    environment = environment_of(settings)
    command = [sys.executable, "-m", "blurline", "api"]
    replicas = []
    try:
        for port in ports:
            process = subprocess.Popen([*command, "--port", str(port)], env=environment, stderr=subprocess.DEVNULL)
            replicas.append(ApiProcess(process, f"http://127.0.0.1:{port}"))
        for replica in replicas:
            wait_for("the API is up", lambda url=replica.url: answers(f"{url}/liveness"))  # type: ignore[misc]
        yield replicas
    finally:
        for replica in replicas:
            replica.process.terminate()
        for replica in replicas:
            replica.process.wait(TIMEOUT_S)

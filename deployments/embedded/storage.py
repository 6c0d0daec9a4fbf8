"""The database and the store alone, for maintenance while nothing else runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from blurline.errors import ConfigurationError
from blurline.settings import Settings
from deployments.embedded.home import Home, recorded_processes
from deployments.embedded.postgres import create_databases, postgres_part, postgres_url
from deployments.embedded.seaweed import INTERNAL_PORTS, seaweed_parts
from deployments.embedded.stack import DEFAULT_PORTS
from deployments.embedded.supervisor import Part, Supervisor


def check_stopped(settings: Settings) -> None:
    """Raise ConfigurationError when a stack uses the data folder."""
    if running := recorded_processes(settings.home):
        raise ConfigurationError(
            f"A Blurline stack runs on {settings.home} ({', '.join(running)}). Stop it first, or set BLURLINE_HOME to "
            "another folder."
        )


@contextmanager
def running_storage(settings: Settings) -> Iterator[Settings]:
    """Settings with a database and a store: the configured ones, or the data folder's, which run during the block."""
    if settings.database.url is not None and settings.store.s3_endpoint is not None:
        yield settings
        return
    home = Home(settings.home)
    with contextlib.ExitStack() as ending:
        ending.callback(home.release)
        home.end_leftovers()
        secrets, ports = home.secrets(), home.ports(DEFAULT_PORTS | dict.fromkeys(INTERNAL_PORTS, 0))
        environment, own = dict(os.environ), dict[str, Any]()
        parts: list[Part] = []
        if settings.database.url is None:
            password, port = secrets["database_password"], ports["postgres"]
            parts.append(postgres_part(home, password, port, environment))
            own["database_url"] = SecretStr(postgres_url(password, port, "blurline"))
        if settings.store.s3_endpoint is None:
            parts.extend(seaweed_parts(home, secrets, ports, environment))
            own |= {
                "s3_endpoint": f"http://127.0.0.1:{ports['s3']}",
                "s3_access_key": SecretStr(secrets["s3_access_key"]),
                "s3_secret_key": SecretStr(secrets["s3_secret_key"]),
            }
        supervisor = Supervisor(home, parts)
        ending.callback(supervisor.stop)
        supervisor.start()
        if "database_url" in own:
            create_databases(secrets["database_password"], ports["postgres"])
        yield settings.replace(**own)

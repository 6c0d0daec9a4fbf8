"""Serve Prefect with the settings that Blurline needs: `blurline prefect`."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import psycopg

from blurline.errors import ConfigurationError
from blurline.settings import Settings
from sql.engine.problems import explanation

if TYPE_CHECKING:
    from starlette.types import ASGIApp

# Measured on two cores (docs/decisions): fewer commits per task run, no telemetry, small tables.
_TUNING = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "2",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "604800",
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P2D",
    "PREFECT_UI_ENABLED": "true",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
}
_APP = "deployments.prefect_server:create_app"
_GRACE_S = 5
_CONNECT_S = 10
_CAN_MIGRATE = """
    SELECT to_regclass('alembic_version') IS NOT NULL
        OR coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
"""


def serve(settings: Settings, host: str, port: int) -> NoReturn:
    """Replace this process by a Prefect server.

    Raises ConfigurationError without a database or a password, and when the database does not let Prefect create its
    tables. Raises DatabaseUnavailable when it does not respond.
    """
    options = ["--host", host, "--port", str(port), "--log-level", "warning"]
    command = [
        sys.executable,
        "-P",
        "-m",
        "uvicorn",
        "--factory",
        _APP,
        *options,
        "--timeout-graceful-shutdown",
        str(_GRACE_S),
    ]
    environment = _environment(settings, host, port)
    check_database_of_prefect(settings)
    os.execve(sys.executable, command, environment)


def create_app() -> ASGIApp:
    """Return Prefect's own application, whose pages connect to nothing but its API."""
    from prefect.server.api.server import create_app as create_prefect
    from prefect.settings import PREFECT_UI_API_URL

    from blurline.outbound.page_policy import PagePolicy

    api = urlsplit(PREFECT_UI_API_URL.value() or "")
    socket = api._replace(scheme="wss" if api.scheme == "https" else "ws")
    app = PagePolicy(create_prefect(), [f"{url.scheme}://{url.netloc}" for url in (api, socket) if url.netloc])
    _spare_garbage_collection()
    return app


def _spare_garbage_collection() -> None:
    """Have the collector leave out half a million objects that the imports made and that stay, and run less often.

    A single picture then takes an eighth less CPU time of the server (docs/performance.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 10)


def _environment(settings: Settings, host: str, port: int) -> dict[str, str]:
    """Prefect's own variables. A variable set by the operator takes precedence over the tuning."""
    if settings.prefect.database_url is None:
        raise ConfigurationError(
            "BLURLINE_PREFECT_DATABASE_URL is not set. Prefect needs its own PostgreSQL database, because some "
            "of its tables have the same names as Blurline's."
        )
    if settings.prefect.api_auth_string is None:
        raise ConfigurationError(
            "PREFECT_API_AUTH_STRING is not set. Without it, anyone who reaches Prefect can run code."
        )
    return {
        **_TUNING,
        **os.environ,
        "PREFECT_API_DATABASE_CONNECTION_URL": _asyncpg(settings.prefect.database_url.get_secret_value()),
        "PREFECT_SERVER_API_HOST": host,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_API_AUTH_STRING": settings.prefect.api_auth_string.get_secret_value(),
        "PREFECT_UI_API_URL": f"{settings.prefect.ui_url.rstrip('/')}/api",
    }


def check_database_of_prefect(settings: Settings) -> None:
    """Connect once as Prefect will, because Prefect itself answers a fault with a traceback."""
    assert settings.prefect.database_url is not None
    url = "postgresql://" + settings.prefect.database_url.get_secret_value().partition("://")[2]
    try:
        with psycopg.connect(url, connect_timeout=_CONNECT_S) as connection:
            row = connection.execute(_CAN_MIGRATE).fetchone()
    except psycopg.Error as error:
        problem = explanation(error)
        raise type(problem)(f"The database of Prefect (BLURLINE_PREFECT_DATABASE_URL): {problem}") from error
    if row != (True,):
        raise ConfigurationError(
            "The user of BLURLINE_PREFECT_DATABASE_URL cannot create tables in that database. Make the user its owner "
            "(ALTER DATABASE … OWNER TO …)."
        )


def _asyncpg(url: str) -> str:
    """The URL for Prefect's driver asyncpg, which calls sslmode ssl."""
    return "postgresql+asyncpg://" + url.partition("://")[2].replace("sslmode=", "ssl=")

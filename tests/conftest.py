"""Real parts for tests: one PostgreSQL and one S3 server for the whole run, empty tables for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from blurline.settings import Settings, load_settings
from blurline.store import Store
from deployments.embedded.home import Home
from deployments.embedded.postgres import create_databases, postgres_part, postgres_url
from deployments.embedded.seaweed import INTERNAL_PORTS, seaweed_part
from deployments.embedded.supervisor import Supervisor
from sql.database import Database
from sql.migrate import migrate


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings that point to a PostgreSQL and an S3 server of this run's own."""
    home = Home(tmp_path_factory.mktemp("servers"))
    secrets = home.secrets()
    ports = home.ports({"postgres": 0, "s3": 0} | dict.fromkeys(INTERNAL_PORTS, 0))
    environment = dict(os.environ)
    parts = [
        postgres_part(home, secrets["database_password"], ports["postgres"], environment),
        seaweed_part(home, secrets, ports, environment),
    ]
    supervisor = Supervisor(home, [parts])
    supervisor.start()
    create_databases(secrets["database_password"], ports["postgres"])
    settings = Settings.model_validate(
        {
            "home": home.path,
            "database_url": postgres_url(secrets["database_password"], ports["postgres"], "blurline"),
            "s3_endpoint": f"http://127.0.0.1:{ports['s3']}",
            "s3_access_key": secrets["s3_access_key"],
            "s3_secret_key": secrets["s3_secret_key"],
        }
    )
    migrate(settings.database)
    store = Store(settings)
    store.ensure_buckets()
    store.close()
    yield settings
    supervisor.stop()
    home.release()


@pytest.fixture
def settings(servers: Settings, tmp_path: Path) -> Settings:
    """The servers' settings, with every table empty and a data folder of the test's own."""
    with psycopg.connect(servers.database, autocommit=True) as connection:
        connection.execute(
            "TRUNCATE jobs, users, usage, presets, idempotency_keys, deletions, events, event_heads, webhooks CASCADE"
        )
    return servers.model_copy(update={"home": tmp_path})


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """Connections to the emptied database."""
    database = Database(settings.database, max_connections=4)
    yield database
    database.close()


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """A client of the store."""
    store = Store(settings)
    yield store
    store.close()


@pytest.fixture(autouse=True)
def _no_remembered_settings() -> None:
    load_settings.cache_clear()

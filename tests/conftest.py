"""Real parts for tests: one PostgreSQL and one S3 server for the whole run, empty tables for each test."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import expect
from xdist.scheduler import LoadScopeScheduling

from api.app import create_app
from blurline.access.tokens import Scope
from blurline.settings import Settings, load_settings
from blurline.storage.inventory import ImageBucket
from blurline.storage.store import Store
from sql.engine.database import Database
from tests.api_requests import bearer
from tests.api_server import serving
from tests.empty_tables import empty_tables
from tests.servers import running_servers
from tests.stored_images import StoredImages
from tests.waiting import TIMEOUT_MS, TIMEOUT_S

expect.set_options(timeout=TIMEOUT_MS)
hypothesis_settings.register_profile("without a clock", deadline=None)
hypothesis_settings.load_profile("without a clock")


# Tests that share parts which take many seconds to start, by folder or file. The acceptance tests that have no stack of
# their own share one.
_SHARED = (
    *(f"tests/acceptance/test_{own}.py" for own in ("faults", "lifecycle", "operating", "sign_in")),
    "tests/acceptance",
    "tests/cli/test_misconfigured.py",
    "tests/dashboard/test_guard.py",
    "tests/deployments/containers/test_compose.py",
    "tests/orchestration",
    "tests/upgrades/test_first_release.py",
)


class _TogetherScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps the tests that share costly parts in one process of the run, and distributes the others singly."""

    def _split_scope(self, nodeid: str) -> str:
        return next((shared for shared in _SHARED if nodeid.startswith(shared)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _TogetherScheduling | None:
    """Schedule the tests of a run in several processes, unless `--dist` says how."""
    return _TogetherScheduling(config, log) if config.getvalue("dist") == "load" else None


@pytest.fixture(scope="session", autouse=True)
def _one_tls_context() -> Iterator[None]:
    """Read the root certificates once, not for each `httpx.get`: that costs 40 ms of a core."""
    trusting = httpx.create_ssl_context()

    def context(*, verify: Any, cert: Any, trust_env: bool) -> ssl.SSLContext:
        is_usual = verify is True and cert is None and trust_env
        return trusting if is_usual else httpx.create_ssl_context(verify, cert, trust_env)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", context)
        yield


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings that point to the PostgreSQL and the S3 server of this test run."""
    with running_servers(tmp_path_factory.mktemp("servers")) as settings:
        yield settings


@pytest.fixture
def settings(servers: Settings, tmp_path: Path) -> Settings:
    """The servers' settings, with empty tables and a new data folder."""
    with psycopg.connect(servers.database.conninfo) as connection:
        empty_tables(connection)
    return servers.replace(home=tmp_path)


@pytest.fixture
def without_prefect(settings: Settings) -> Settings:
    """Settings with an unreachable Prefect."""
    return settings.replace(prefect_api_url="http://127.0.0.1:9/api")


@pytest.fixture
def client(without_prefect: Settings) -> Iterator[httpx.Client]:
    """ann's client; she may submit."""
    with serving(create_app(without_prefect)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        client.headers["Authorization"] = bearer(without_prefect, "ann", Scope.SUBMIT)
        yield client


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """Connections to the emptied database."""
    database = Database(settings.database.conninfo, max_connections=4)
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


@pytest.fixture
def stored_images(settings: Settings, database: Database, store: Store) -> StoredImages:
    """The emptied database and the store's two buckets of images, emptied too."""
    for bucket in ImageBucket:
        store.remove_all(bucket, [each.key for each in store.list_all(bucket)])
    return StoredImages(settings, database, store)

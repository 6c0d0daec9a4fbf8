"""The API without Prefect, over the real database and store: a client with ann's token, a desk, a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from blurline.settings import Settings
from blurline.store import Store
from blurline.tokens import Scope
from sql.database import Database
from tests.api.asking import bearer
from tests.api.desk import Desk
from tests.api.serving import serving
from tests.api.working import working


@pytest.fixture
def client(without_prefect: Settings) -> Iterator[httpx.Client]:
    """ann's client; she may submit."""
    with serving(create_app(without_prefect)) as url, httpx.Client(base_url=url, timeout=30) as client:
        client.headers["Authorization"] = bearer(without_prefect, "ann", Scope.SUBMIT)
        yield client


@pytest.fixture
def desk(without_prefect: Settings, store: Store, tmp_path: Path) -> Iterator[Desk]:
    with serving(create_app(without_prefect)) as url:
        yield Desk(url, without_prefect, store, tmp_path / "photos", tmp_path / "results")


@pytest.fixture
def worker(without_prefect: Settings, database: Database, store: Store) -> Iterator[None]:
    with working(without_prefect, database, store):
        yield

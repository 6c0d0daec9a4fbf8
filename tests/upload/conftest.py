"""`blurline submit` against an API without Prefect, and a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from tests.api_server import serving
from tests.simulated_worker import running_worker
from tests.upload.submitter import Submitter


@pytest.fixture
def submitter(without_prefect: Settings, store: Store, tmp_path: Path) -> Iterator[Submitter]:
    with serving(create_app(without_prefect)) as url:
        yield Submitter(url, without_prefect, store, tmp_path / "photos", tmp_path / "results")


@pytest.fixture
def worker(without_prefect: Settings, database: Database, store: Store) -> Iterator[None]:
    with running_worker(without_prefect, database, store):
        yield

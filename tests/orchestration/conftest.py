"""One real Prefect server for the tests of this folder, empty for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blurline.orchestration.flow_runs import FlowRuns
from blurline.settings import Settings
from tests.prefect_server import Prefect, running_prefect


@pytest.fixture(scope="session")
def _prefect(servers: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    with running_prefect(servers, tmp_path_factory.mktemp("prefect")) as prefect:
        yield prefect


@pytest.fixture
def prefect(_prefect: Prefect, settings: Settings) -> Prefect:
    """The server without flow runs, beside an emptied database."""
    _prefect.clear()
    return _prefect


@pytest.fixture
def flow_runs(prefect: Prefect) -> Iterator[FlowRuns]:
    """Our client of the server."""
    flow_runs = FlowRuns(prefect.settings)
    yield flow_runs
    flow_runs.close()

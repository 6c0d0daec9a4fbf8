"""The API without Prefect, over the real database and store, and a client with ann's token."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from api.app import create_app
from blurline.settings import Settings
from blurline.tokens import Scope
from tests.api.asking import bearer
from tests.api.serving import serving


@pytest.fixture
def client(without_prefect: Settings) -> Iterator[httpx.Client]:
    """ann's client; she may submit."""
    with serving(create_app(without_prefect)) as url, httpx.Client(base_url=url, timeout=30) as client:
        client.headers["Authorization"] = bearer(without_prefect, "ann", Scope.SUBMIT)
        yield client

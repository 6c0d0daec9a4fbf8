"""The API with webhooks allowed, also to loopback, and a receiver."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from blurline.access.tokens import Scope
from blurline.settings import Settings
from tests.api_requests import bearer
from tests.api_server import serving
from tests.events.webhooks.receiver import Receiver
from tests.tls_server import tls_server, trusted_authority
from tests.waiting import TIMEOUT_S


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    receiver = Receiver()
    authority = trusted_authority(tmp_path, monkeypatch)
    with tls_server(authority, receiver.answer) as port:
        receiver.url = f"https://localhost:{port}"
        yield receiver
        receiver.released.set()


@pytest.fixture
def allowing(without_prefect: Settings) -> Settings:
    """Settings with webhooks, also to loopback."""
    return without_prefect.replace(allow_webhooks=True, outbound_networks=(ip_network("127.0.0.0/8"),))


@pytest.fixture
def client(allowing: Settings, receiver: Receiver) -> Iterator[httpx.Client]:
    """ann's client with the scope to submit. The receiver starts first, so that its certificate is trusted."""
    with serving(create_app(allowing)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        client.headers["Authorization"] = bearer(allowing, "ann", Scope.SUBMIT)
        yield client

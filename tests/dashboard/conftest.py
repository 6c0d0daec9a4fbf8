"""The dashboard's pages as Streamlit runs them, against a real API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import streamlit.config
from streamlit.testing.v1 import AppTest

import dashboard
from api.app import create_app
from blurline.access.tokens import LocalIssuer, Scope
from blurline.client import Client
from blurline.settings import Settings
from tests.api_server import serving
from tests.waiting import TIMEOUT_S

_APP = Path(dashboard.__file__).parent / "pages" / "app.py"

Enter = Callable[..., AppTest]
Open = Callable[..., AppTest]


@dataclass
class Browser:
    """The address of the browser, as Streamlit's server sees it; AppTest has none."""

    remote_ip: str = "127.0.0.1"
    headers: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def api_url(settings: Settings) -> Iterator[str]:
    """An API without Prefect."""
    with serving(create_app(settings.replace(prefect_api_url="http://127.0.0.1:9/api"))) as url:
        yield url


@pytest.fixture
def client(api_url: str, settings: Settings) -> Iterator[Client]:
    """A client of the API with the dashboard's token for a user on this machine."""
    with Client(api_url, LocalIssuer(settings.home).issue("operator", list(Scope), 600), patience_s=0) as client:
        yield client


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser on the same machine."""
    browser = Browser()
    monkeypatch.setattr("streamlit.runtime.context._get_client_context", lambda: browser)
    return browser


@pytest.fixture
def enter(settings: Settings, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Enter]:
    """Starts a session at a dashboard that listens only on this machine, with an API at this address."""
    monkeypatch.setenv("BLURLINE_HOME", str(settings.home))
    before = streamlit.config.get_option("server.address")
    streamlit.config.set_option("server.address", "127.0.0.1")
    begun: list[AppTest] = []

    def enter_(api_url: str, user: dict[str, Any] | None = None) -> AppTest:
        monkeypatch.setenv("BLURLINE_API_URL", api_url)
        begun.append(AppTest.from_file(str(_APP), default_timeout=TIMEOUT_S))
        begun[-1].user = user or {}
        return begun[-1].run()

    yield enter_
    streamlit.config.set_option("server.address", before)
    for page in begun:
        if "client" in page.session_state:
            page.session_state["client"].close()


@pytest.fixture
def open_page(api_url: str, enter: Enter) -> Open:
    """Opens a page by its file, with parameters of the address."""

    def open_(file: str, **parameters: str) -> AppTest:
        page = enter(api_url)
        page.switch_page(file)
        page.query_params = dict(parameters)
        return page.run()

    return open_


def texts(page: AppTest) -> str:
    """All text of a page, in reading order."""
    assert not page.exception, [each.value for each in page.exception]
    kinds = (page.title, page.subheader, page.markdown, page.caption, page.info, page.warning, page.error, page.success)
    said = [str(each.value) for kind in kinds for each in kind] + [each.text for each in page.progress]
    return "\n".join(said).replace("\\", "")

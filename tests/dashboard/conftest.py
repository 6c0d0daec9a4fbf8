"""The dashboard's pages as Streamlit runs them, against a real API."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from api.app import create_app
from blurline.access.tokens import LocalIssuer, Scope
from blurline.client import Client
from blurline.settings import Settings, load_settings
from dashboard.access.session_cookies import cookie_name, session_cookies
from tests.api_server import serving
from tests.waiting import TIMEOUT_S

_APP = Path(dashboard.__file__).parent / "pages" / "app.py"

Enter = Callable[..., AppTest]
Open = Callable[..., AppTest]


HOST = "127.0.0.1:8501"


@dataclass
class Browser:
    """The handshake of the browser, as Streamlit's server sees it; AppTest has none."""

    remote_ip: str = "127.0.0.1"
    headers: list[tuple[str, str]] = dataclasses.field(default_factory=lambda: [("Host", HOST)])
    cookies: dict[str, str] = dataclasses.field(default_factory=dict)

    def sign_in(self, token: str) -> None:
        """Keep the cookie of a new session."""
        self.cookies[cookie_name(HOST)], _ = session_cookies().begin(token, time.time() + 3600)


@pytest.fixture
def api_url(settings: Settings) -> Iterator[str]:
    """An API without Prefect."""
    with serving(create_app(settings.replace(prefect_api_url="http://127.0.0.1:9/api"))) as url:
        yield url


@pytest.fixture
def client(api_url: str, settings: Settings) -> Iterator[Client]:
    """A client of the API with a token of the operator."""
    with Client(api_url, LocalIssuer(settings.home).issue("operator", list(Scope), 600), patience_s=0) as client:
        yield client


@pytest.fixture
def browser(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser in which the operator has signed in with a token."""
    monkeypatch.setenv("BLURLINE_HOME", str(settings.home))
    session_cookies.cache_clear()
    browser = Browser()
    browser.sign_in(LocalIssuer(settings.home).issue("operator", list(Scope), 3600))
    monkeypatch.setattr("streamlit.runtime.context._get_client_context", lambda: browser)
    return browser


@pytest.fixture
def enter(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Enter]:
    """Starts a session of the browser at a dashboard with an API at this address."""
    begun: list[AppTest] = []

    def enter_(api_url: str, user: dict[str, Any] | None = None) -> AppTest:
        monkeypatch.setenv("BLURLINE_API_URL", api_url)
        load_settings.cache_clear()
        begun.append(AppTest.from_file(str(_APP), default_timeout=TIMEOUT_S))
        begun[-1].user = user or {}
        return begun[-1].run()

    yield enter_
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


def field(among: Iterable[Any], label: str) -> Any:
    """The field with this label."""
    return next(each for each in among if each.label == label)


def keyed(among: Iterable[Any], key: str) -> Any:
    """The field with this key."""
    return next(each for each in among if each.key == key)

"""Files that pages offer: at one address over every run of the page, until its session ends."""

from __future__ import annotations

import gc
import io
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pyarrow.parquet
import pytest
from fastapi import FastAPI
from streamlit.testing.v1 import AppTest

from blurline.access.tokens import LocalIssuer, Scope
from blurline.settings import Settings
from dashboard import download_links
from dashboard.access.session_cookies import session_cookies, session_of
from dashboard.download_links import ROUTE
from sql.engine.database import Database
from sql.jobs.image_search import ImageFilter, list_images
from tests import image_rows
from tests.api_server import serving
from tests.dashboard.conftest import HOST, Browser, Open, field
from tests.waiting import TIMEOUT_S

pytestmark = pytest.mark.usefixtures("filled")


@pytest.fixture
def filled(database: Database, settings: Settings) -> None:
    image_rows.fill(database, settings)


@pytest.fixture
def server(browser: Browser) -> Iterator[httpx.Client]:
    """The dashboard's downloads, as the browser with the session reaches them."""
    with serving(FastAPI(routes=[ROUTE])) as url:
        headers = {"Host": HOST, "Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
        with httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_S) as client:
            yield client


def address(page: AppTest, label: str) -> str:
    """The address of the first button of this name."""
    buttons: list[Any] = list(page.get("link_button"))
    return next(str(button.proto.url) for button in buttons if button.proto.label == label)


def owners(table: bytes) -> set[str]:
    return set(pyarrow.parquet.read_table(io.BytesIO(table)).column("owner").to_pylist())


def test_an_address_outlives_the_run_of_the_page_that_showed_it(open_page: Open, server: httpx.Client) -> None:
    page = open_page("exports.py")
    before = address(page, "Parquet")
    field(page.text_input, "Owner").set_value("bob").run()
    assert address(page, "Parquet") == before
    answer = server.get(before)
    assert owners(answer.content) == {"bob"}
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''images.parquet"
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_another_session_has_different_addresses(open_page: Open) -> None:
    assert address(open_page("exports.py"), "Parquet") != address(open_page("exports.py"), "Parquet")


def test_an_address_ends_with_its_session(open_page: Open, server: httpx.Client) -> None:
    page = open_page("exports.py")
    known = address(page, "CSV")
    assert server.get(known).is_success
    del page.session_state["offers"]
    gc.collect()
    assert server.get(known).status_code == 404
    assert server.get("/offers/guessed").status_code == 404


def test_an_address_is_for_the_browser_that_shows_it(
    open_page: Open, server: httpx.Client, browser: Browser, settings: Settings
) -> None:
    known = address(open_page("exports.py"), "CSV")
    browser.sign_in(LocalIssuer(settings.home).issue("operator", list(Scope), 60))
    (another,) = (f"{name}={value}" for name, value in browser.cookies.items())
    for cookie in ("", "blurline-session-8501=guessed", another):
        assert server.get(known, headers={"Cookie": cookie}).status_code == 404
    assert server.get(known).is_success

    session = session_of({"blurline-session-8501": server.headers["Cookie"].partition("=")[2]}, HOST)
    assert session is not None
    session_cookies().end(session)
    assert server.get(known).status_code == 404


def test_an_address_lasts_minutes_and_an_open_page_renews_it(
    open_page: Open, server: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page("exports.py")
    first = address(page, "CSV")
    later_s = time.monotonic() + 300
    monkeypatch.setattr(download_links, "time", SimpleNamespace(monotonic=lambda: later_s))
    second = address(page.run(), "CSV")
    assert second != first
    assert server.get(first).is_success and server.get(second).is_success
    much_later_s = later_s + 590
    monkeypatch.setattr(download_links, "time", SimpleNamespace(monotonic=lambda: much_later_s))
    assert server.get(first).status_code == 404
    assert server.get(second).is_success


def test_an_error_of_the_api_is_shown_as_a_sentence(open_page: Open, server: httpx.Client, database: Database) -> None:
    (image, *_) = list_images(database, ImageFilter(state="published"), 1)  # whose result was never stored
    answer = server.get(address(open_page("jobs.py", image=str(image.id)), "Download (10 bytes)"))
    assert answer.status_code == 502
    assert answer.text.endswith(".")

"""The whole stack as a user starts it: `blurline up` on an empty data folder, once for all acceptance tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.acceptance.stack import Stack
from tests.dashboard.board_page import chromium
from tests.otlp_receiver import Receiver, receiving_traces
from tests.waiting import TIMEOUT_MS


@pytest.fixture(scope="session", autouse=True)
def with_equal_priority() -> None:
    """Have workers not give way to others: the tests must pass beside much other work."""
    Stack.usual["BLURLINE_WORKER_NICENESS"] = "0"


@pytest.fixture(scope="session")
def traces() -> Iterator[Receiver]:
    """Where the stack sends its traces."""
    with receiving_traces() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, traces: Receiver) -> Iterator[Stack]:
    """A running stack."""
    stack = Stack(tmp_path_factory.mktemp("home"), OTEL_EXPORTER_OTLP_ENDPOINT=traces.url)
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(stack: Stack, browser: Browser) -> Iterator[Page]:
    """A new page of a browser in which the operator is signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(TIMEOUT_MS)
    stack.sign_in(context)
    yield context.new_page()
    context.close()

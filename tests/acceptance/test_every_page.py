"""Every page of the dashboard: what axe-core finds in light and dark, and its width on a telephone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.acceptance.every_page import Visit, show, too_wide, visits
from tests.acceptance.stack import Stack
from tests.dashboard.board_page import HAS_CHROMIUM
from tests.waiting import TIMEOUT_MS

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="needs Debian's chromium; .ci/run installs it"),
]

_SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def every_page(stack: Stack) -> list[Visit]:
    return visits(stack)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    stack: Stack, browser: Browser, every_page: list[Visit], scheme: Literal["light", "dark"]
) -> None:
    found: list[str] = []
    with _window(stack, browser, 1280, scheme) as page:
        for visit in every_page:
            show(page, stack.dashboard_url(), visit)
            violations = [each for each in Axe().run(page).response["violations"] if each["impact"] in _SERIOUS]
            found += [f"{visit.name}: {each['help']}: {each['nodes'][0]['html']}" for each in violations]
    assert not found


def test_no_page_is_wider_than_a_telephone(stack: Stack, browser: Browser, every_page: list[Visit]) -> None:
    with _window(stack, browser, 390, "light") as page:
        found = {}
        for visit in every_page:
            show(page, stack.dashboard_url(), visit)
            found[visit.name] = list(too_wide(page))
    assert {name: wide for name, wide in found.items() if wide} == {}


@contextmanager
def _window(stack: Stack, browser: Browser, width: int, scheme: Literal["light", "dark"]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.set_default_timeout(TIMEOUT_MS)
    stack.sign_in(context)
    yield context.new_page()
    context.close()

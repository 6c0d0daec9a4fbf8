"""The dashboard in a real browser."""

from __future__ import annotations

import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.acceptance.stack import Stack, finished, submit
from tests.pictures import HOPPER

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


@pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="needs Debian's chromium; .ci/run installs it")
def test_the_jobs_page_lists_a_job(stack: Stack) -> None:
    with stack.client(user="browser-test") as client:
        finished(client, submit(client, [("h.jpg", HOPPER.read_bytes())]))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(stack.dashboard_url())
        expect(page.get_by_role("heading", name="Jobs")).to_be_visible(timeout=20_000)
        expect(page.get_by_test_id("stDataFrame")).to_be_visible(timeout=20_000)
        page.screenshot(path=str(stack.home / "dashboard.png"))
        browser.close()

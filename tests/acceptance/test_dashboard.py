"""The dashboard in a real browser, on the whole stack."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from dashboard.problems import AWAY
from tests.acceptance.stack import Stack, finished, free_ports, submit
from tests.dashboard.board_page import HAS_CHROMIUM
from tests.pictures import ASTRONAUT, GROUP, HOPPER, decoded
from tests.running_process import running_process
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(not HAS_CHROMIUM, reason="needs Debian's chromium; .ci/run installs it")


def test_photographs_are_submitted_followed_and_fetched(stack: Stack, page: Page) -> None:
    page.goto(stack.dashboard_url())
    page.locator("input.files").set_input_files([HOPPER, ASTRONAUT, GROUP])
    page.get_by_role("textbox", name="Labels").fill("assignment=4711")
    page.get_by_role("textbox", name="Labels").press("Enter")
    page.get_by_text("Adjust the policy").click()
    sample = page.get_by_role("img", name="The sample picture: 11 of 11 faces are destroyed")
    usual = sample.get_attribute("src")
    page.get_by_role("combobox", name="Style").click()
    page.get_by_role("option", name="solid").click()
    expect(page.get_by_text("Changed; it was pixelate.")).to_be_visible()
    expect(sample).not_to_have_attribute("src", str(usual))
    page.get_by_role("button", name="Submit 3 photographs").click()
    expect(page.get_by_text("3 of 3 images published")).to_be_visible()
    # Streamlit may show the old ones for a moment too.
    expect(page.get_by_role("img", name="Result of hopper.jpg")).to_have_count(1)
    expect(page.get_by_role("link", name="Download all")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert {"hopper.jpg", "astronaut.png", "group.jpg", "manifest.json"} <= set(archive.namelist())

    page.get_by_role("button", name="hopper.jpg", exact=True).click()
    expect(page.get_by_text("Faces destroyed")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile(r"Download \(")).click()
    assert download.value.suggested_filename == "hopper.jpg"
    assert decoded(download.value.path().read_bytes()).shape == decoded(HOPPER.read_bytes()).shape


def test_a_job_is_opened_rerun_and_deleted(stack: Stack, page: Page) -> None:
    with stack.client(user="operator", scope="submit") as client:
        job_id = submit(client, [("h.jpg", HOPPER.read_bytes()), ("cut.jpg", HOPPER.read_bytes()[:9000])])
        finished(client, job_id)
        page.goto(f"{stack.dashboard_url()}/jobs")
        page.get_by_test_id("stDataFrame").click(position={"x": 250, "y": 54})
        page.wait_for_url(f"**/jobs?job={job_id}")
        expect(page.get_by_text("1 image failed")).to_be_visible()

        page.get_by_role("button", name="Re-run").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("Failed 1").click()
        dialog.get_by_text("Published 1").click()
        dialog.get_by_role("combobox", name="Style").click()
        page.get_by_role("option", name="solid").click()
        dialog.get_by_role("button", name="Re-run 1 image").click()
        expect(page.get_by_text("1 image will be re-run.")).to_be_visible()
        wait_for("the picture is re-run", _has_style(client, job_id, "solid"))

        page.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete permanently").click()
        expect(page.get_by_text("2 images deleted. Receipt")).to_be_visible()
        assert client.get(f"/v1/jobs/{job_id}").status_code == 404


def test_operators_see_that_everything_is_healthy(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.dashboard_url()}/system")
    for part in ("Database", "Store", "Prefect", "Dispatch"):
        said = page.get_by_test_id("stMarkdown").filter(has_text=re.compile(rf"{part}\s*\S*\s*healthy"))
        expect(said.first).to_be_visible()
    expect(page.get_by_role("heading", name="Workers")).to_be_visible()
    expect(page.get_by_text("No worker is running")).to_have_count(0)


def test_a_page_recovers_when_the_api_answers_again(stack: Stack, page: Page) -> None:
    api_port, dashboard_port = free_ports(2)
    environment = stack.environment() | {"BLURLINE_API_URL": f"http://127.0.0.1:{api_port}"}
    url = f"http://127.0.0.1:{dashboard_port}"
    health_url, liveness_url = f"{url}/_stcore/health", f"{environment['BLURLINE_API_URL']}/liveness"
    command = [sys.executable, "-m", "blurline"]
    api_command = [*command, "api", "--port", str(api_port)]
    options: dict[str, Any] = {"env": environment, "stderr": subprocess.DEVNULL}
    with running_process(
        "the dashboard", health_url, [*command, "dashboard", "--port", str(dashboard_port)], **options
    ):
        with running_process("the API", liveness_url, api_command, **options):
            stack.sign_in(page.context, url=url)
        page.goto(url)
        expect(page.get_by_text(AWAY)).to_be_visible()
        with running_process("the API", liveness_url, api_command, **options):
            expect(page.get_by_role("heading", name="Submit")).to_be_visible()
            expect(page.get_by_text(AWAY)).to_have_count(0)


def test_a_page_says_that_the_api_hangs_and_recovers(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.dashboard_url()}/jobs")
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    api = stack.pids()["api"]
    os.kill(api, signal.SIGSTOP)
    try:
        page.get_by_role("link", name="Statistics").click()
        expect(page.get_by_text(AWAY).first).to_be_visible()
    finally:
        os.kill(api, signal.SIGCONT)
    expect(page.get_by_role("heading", name="Statistics")).to_be_visible()
    expect(page.get_by_text(AWAY)).to_have_count(0)


def test_a_killed_worker_turns_its_card_red_before_prefect_notices(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.dashboard_url()}/system")
    expect(page.get_by_text("Workers healthy")).to_be_visible()
    assert stack.process is not None
    stack.process.send_signal(signal.SIGSTOP)  # so that it does not start another worker
    try:
        os.kill(stack.pids()["worker"], signal.SIGKILL)
        with stack.client(user="ann") as client:
            job_id = submit(client, [("h.jpg", HOPPER.read_bytes())])
        expect(page.get_by_text("Workers none online")).to_be_visible()
        expect(page.get_by_text("1 image waiting, without a worker")).to_be_visible()
        with stack.prefect() as prefect:
            workers = prefect.post("/work_pools/blurline/workers/filter", json={}).raise_for_status().json()
        assert "ONLINE" in [worker["status"] for worker in workers]
        page.goto(f"{stack.dashboard_url()}/jobs?job={job_id}")
        expect(page.get_by_text("Workers: No worker is online, so submitted pictures wait.")).to_be_visible()
    finally:
        stack.process.send_signal(signal.SIGCONT)
    expect(page.get_by_text("1 of 1 image published")).to_be_visible()
    expect(page.get_by_text("No worker is online")).to_have_count(0)


def _has_style(client: httpx.Client, job_id: str, style: str) -> Callable[[], bool]:
    def ask() -> bool:
        images = client.get(f"/v1/jobs/{job_id}/images").raise_for_status().json()["images"]
        return style in [image["policy"]["style"] for image in images if image["policy"]]

    return ask

"""The dashboard's pages in Chromium: time to the first content, and the slowest query of each."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from benchmarks.million.rows import LARGE_JOB_IMAGES
from blurline.access.tokens import LocalIssuer, Scope
from blurline.settings import Settings
from sql.access.sign_in_links import create_link
from tests.acceptance.stack import answers, free_ports
from tests.dashboard.board_page import chromium
from tests.dashboard.signed_in import sign_in
from tests.servers import environment_of
from tests.waiting import wait_for

_CUT_AHEAD = "/v1/images/{image_id}/tiles"  # while the reviewer looks at another picture: `blurline bench tiles`
_ROUNDS = 5
_PATIENCE_MS = 120_000
_SETTLING_MS = 5_000
_TRIVIAL = "a trivial page of Streamlit's"
_TRIVIAL_SCRIPT = 'import streamlit as st\nst.title("Trivial")\n'
_WATCH = """
const shows = new RegExp(%s, "s");
const look = () => {
    const main = document.querySelector("[data-testid='stMain']");
    const isShown = main !== null && shows.test(main.textContent);
    requestAnimationFrame(isShown ? () => { window.shownMs = performance.now(); } : look);
};
requestAnimationFrame(look);
"""
_IS_SHOWN = "window.shownMs !== undefined"
_IS_SETTLED = """() => document.querySelector("[data-test-script-state='notRunning']") !== null
    && document.querySelector("[data-testid='stSkeleton']") === null"""


@dataclass(frozen=True, slots=True)
class Page:
    """A page. Its first content is text that ``shows`` matches."""

    name: str
    url: str
    shows: str


@dataclass(slots=True)
class Visits:
    """The measurements of a page."""

    fresh_s: list[float] = field(default_factory=list)
    again_s: list[float] = field(default_factory=list)
    slowest_ms: float = 0
    slowest_route: str = "none"

    def note(self, requests: list[dict[str, Any]]) -> None:
        """Record the slowest query of the API."""
        for request in requests:
            if request["ms"] > self.slowest_ms and request["route"] != _CUT_AHEAD:
                self.slowest_ms = request["ms"]
                self.slowest_route = f"{request['method']} {request['route']}"


class RequestLogReader:
    """Reads the request log of an API process."""

    def __init__(self, path: Path) -> None:
        self._file = path.open()

    def news(self) -> list[dict[str, Any]]:
        """The requests since the last call."""
        events = [json.loads(line) for line in self._file if line.startswith("{")]
        return [event for event in events if event["event"] == "request"]


def measure(settings: Settings, folder: Path) -> dict[str, Visits]:
    """Open every page five times in a fresh browser, then five times in one with cached files."""
    log = folder / "api.log"
    api, dashboard, trivial_url = (f"http://127.0.0.1:{port}" for port in free_ports(3))
    there = settings.replace(api_url=api, dashboard_url=dashboard)
    with _serving(there, folder, log, trivial_url) as (pages, trivial), chromium() as browser:
        visits = {page.name: Visits() for page in (*pages, trivial)}
        requests = RequestLogReader(log)
        requests.news()  # skip the benchmark's own requests
        for _ in range(_ROUNDS):
            for page in (*pages, trivial):
                with _context(browser, there) as context:
                    visits[page.name].fresh_s.append(_visited(context, page))
                visits[page.name].note(requests.news())
        with _context(browser, there) as context:
            for page in (*pages, trivial):
                _visited(context, page)
            requests.news()
            for _ in range(_ROUNDS):
                for page in (*pages, trivial):
                    visits[page.name].again_s.append(_visited(context, page))
                    visits[page.name].note(requests.news())
    return visits


def report(visits: dict[str, Visits]) -> dict[str, Any]:
    """Seconds to the first content, also relative to the trivial page, and milliseconds of the slowest query."""
    base = visits[_TRIVIAL]
    return {
        name: {
            "fresh_browser": _seconds(visit.fresh_s, base.fresh_s),
            "again": _seconds(visit.again_s, base.again_s),
            "slowest_query_ms": visit.slowest_ms,
            "slowest_query": visit.slowest_route,
        }
        for name, visit in visits.items()
    }


def _seconds(times: list[float], base: list[float]) -> dict[str, float]:
    median = statistics.median(times)
    return {
        "median_s": round(median, 2),
        "worst_s": round(max(times), 2),
        "over_trivial": round(median / statistics.median(base), 2),
    }


@contextmanager
def _context(browser: Browser, settings: Settings) -> Iterator[BrowserContext]:
    """A browser in which the operator is signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(_PATIENCE_MS)
    sign_in(context, create_link(settings, "operator", list(Scope)))
    yield context
    context.close()


def _visited(context: BrowserContext, page: Page) -> float:
    """Seconds from the start of the navigation to the frame with the first content."""
    tab = context.new_page()
    tab.add_init_script(_WATCH % json.dumps(page.shows))
    tab.goto(page.url, wait_until="commit")
    tab.wait_for_function(_IS_SHOWN)
    shown_ms: float = tab.evaluate("window.shownMs")
    with suppress(PlaywrightTimeout):  # on a busy machine, a page that refreshes every few seconds is never idle
        tab.wait_for_function(_IS_SETTLED, timeout=_SETTLING_MS)
    tab.close()
    return shown_ms / 1000


@contextmanager
def _serving(settings: Settings, folder: Path, log: Path, trivial: str) -> Iterator[tuple[list[Page], Page]]:
    """Serve an API and a dashboard over the database; yield their pages, and one with only a title."""
    environment = environment_of(settings)
    api, dashboard = settings.api.url, settings.dashboard.url
    script = folder / "trivial.py"
    script.write_text(_TRIVIAL_SCRIPT)
    with ExitStack() as running:
        serve = [sys.executable, "-m", "blurline"]
        running.enter_context(_process([*serve, "api", *_port(api)], environment, f"{api}/liveness", log))
        health = "/_stcore/health"
        running.enter_context(_process([*serve, "dashboard", *_port(dashboard)], environment, dashboard + health))
        streamlit = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true"]
        options = [f"--server.port={trivial.rpartition(':')[2]}", "--browser.gatherUsageStats=false"]
        running.enter_context(_process([*streamlit, *options], environment, trivial + health))
        yield _pages(settings, api, dashboard), Page(_TRIVIAL, trivial, "Trivial")


def _pages(settings: Settings, api: str, dashboard: str) -> list[Page]:
    token = LocalIssuer(settings.home).issue("bench-1", list(Scope), 600)
    (job,) = httpx.get(f"{api}/v1/jobs?limit=1", headers={"Authorization": f"Bearer {token}"}).json()["jobs"]
    assert job["progress"]["images"] == LARGE_JOB_IMAGES, "the newest job is not the large one"
    return [
        Page("Submit", f"{dashboard}/", "Submit.*Adjust the policy"),
        Page("Jobs", f"{dashboard}/jobs", "Jobs.*50 jobs · page 1"),
        Page("a job of 10,000 images", f"{dashboard}/jobs?job={job['id']}", "of 10,000 images published"),
        Page(
            "Review",
            f"{dashboard}/review",
            r"still be visible.*\d images waiting|\d images waiting.*still be visible",
        ),
        Page("Statistics", f"{dashboard}/statistics", r"Statistics.*Images.*\d{2},\d{3}"),
        Page("Exports", f"{dashboard}/exports", r"Exports.*\d{2},\d{3} images selected"),
        Page("System", f"{dashboard}/system", "System.*Waiting.*PostgreSQL"),
    ]


def _port(url: str) -> list[str]:
    return ["--port", url.rpartition(":")[2]]


@contextmanager
def _process(command: list[str], environment: dict[str, str], health: str, log: Path | None = None) -> Iterator[None]:
    with (log or Path("/dev/null")).open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        wait_for(f"{health} answers", lambda: answers(health), 120)
        yield
    finally:
        process.terminate()
        process.wait(30)

"""The Submit page's field for photographs in a browser, without Streamlit, on the dashboard's real routes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from playwright.sync_api import Browser, Locator, Page
from starlette.responses import HTMLResponse
from starlette.routing import Route

from blurline.client import Client
from blurline.contract import JobOptions
from blurline.file_names import EXTENSIONS
from dashboard.access.session_cookies import cookie_name, session_cookies, session_of
from dashboard.jobs.picker import CSS, HTML, JS
from dashboard.jobs.picker_answer import PickerAnswer
from dashboard.jobs.upload_desk import UploadDesk, desks
from dashboard.jobs.upload_routes import ROUTES
from tests.api_server import serving
from tests.waiting import wait_for

_BEGIN = """async ([html, css, js]) => {
    const root = document.querySelector("#host").attachShadow({ mode: "open" });
    root.innerHTML = html + `<style>${css}</style>`;
    window.module ??= await import(URL.createObjectURL(new Blob([js], { type: "text/javascript" })));
    window.answers = [];
    const setTriggerValue = (_, answer) => window.answers.push(answer);
    window.tell = (data) => { window.leave = window.module.default({ data, parentElement: root, setTriggerValue }); };
}"""


@dataclass
class PickerPage:
    """A field with small limits, and its desk."""

    page: Page
    desk: UploadDesk
    limits: dict[str, Any] = field(default_factory=dict)

    def show(self) -> None:
        """Show the field, as after a look at another page."""
        self.page.evaluate("window.leave?.(); document.body.innerHTML = '<div id=host></div>'")
        self.page.evaluate(_BEGIN, [HTML, CSS, JS])
        self.tell()

    def tell(self) -> None:
        """Tell the field what the desk knows."""
        desk = self.desk
        data = {
            "url": desk.url, "count": desk.count, "size_bytes": desk.size_bytes, "sending": desk.sending,
            "finished": desk.finished, "lost": desk.lost,
            "limits": {
                "extensions": sorted(EXTENSIONS), "max_file_bytes": 1_000_000, "max_pixels": 2_000_000, "max_frames": 9,
                "max_images_per_job": 4,
            } | self.limits,
        }  # fmt: skip
        self.page.evaluate("(data) => window.tell(data)", data)

    def choose(self, *files: tuple[str, bytes]) -> None:
        """Choose files."""
        given: Any = [{"name": name, "mimeType": "", "buffer": data} for name, data in files]
        self.page.locator("input.files").set_input_files(given)

    def begin(self) -> None:
        """Press the page's Submit."""
        self.desk.begin(JobOptions())
        self.tell()

    def uploaded(self) -> list[str]:
        """Wait for the end of the upload; the names of the pictures, in order."""
        wait_for("the upload has ended", lambda: any(each["kind"] == "uploaded" for each in self.answers))
        answer = PickerAnswer.model_validate(self.answers[-1])
        self.desk.handle(answer)
        return [str(image.name) for image in answer.images]

    @property
    def answers(self) -> list[dict[str, Any]]:
        """What the field has said."""
        found: list[dict[str, Any]] = self.page.evaluate("window.answers")
        return found

    def part(self, selector: str) -> Locator:
        """A part of the field."""
        return self.page.locator(selector)

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()


@contextmanager
def picker_page(browser: Browser, client: Client, token: str) -> Iterator[PickerPage]:
    """The field in a new page; an error in a script fails the test."""
    errors: list[str] = []
    page_route = Route("/", lambda _: HTMLResponse("<!doctype html><div id=host></div>"))
    with serving(FastAPI(routes=[*ROUTES, page_route])) as url:
        host = urlsplit(url).netloc
        cookies = {cookie_name(host): session_cookies().begin(token, time.time() + 3600)[0]}
        session = session_of(cookies, host)
        assert session is not None
        desk = UploadDesk(client, session.id)
        desks[desk.token] = desk
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        shown = PickerPage(page, desk)
        shown.show()
        yield shown
        context.close()
    assert not errors

"""The board of the Review page in a browser, without Streamlit: a test sends it data and reads its answers."""

from __future__ import annotations

import os
import shutil
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from dashboard.review.board import HTML, JS
from dashboard.viewer.scripts import CSS
from tests.pictures import GROUP

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
HAS_CHROMIUM = os.path.exists(CHROMIUM)
_ADDRESS = "http://board.test/"
_BEGIN = """async ([html, css, js]) => {
    const root = document.querySelector("#host").attachShadow({ mode: "open" });
    root.innerHTML = html + `<style>${css}</style>`;
    const module = await import(URL.createObjectURL(new Blob([js], { type: "text/javascript" })));
    window.answers = [];
    const setTriggerValue = (_, answer) => window.answers.push(answer);
    window.tell = (data) => module.default({ data, parentElement: root, setTriggerValue });
}"""


class BoardPage:
    """A board that shows a photograph of 1000 x 600 pixels."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._told: dict[str, Any] = {}
        page.route(_ADDRESS, lambda route: route.fulfill(body="<div id=host></div>", content_type="text/html"))
        self.reload()

    def reload(self) -> None:
        """Reload the page, as after a lost connection."""
        self.page.goto(_ADDRESS)
        self.page.evaluate(_BEGIN, [HTML, CSS, JS])

    def tell(self, *boxes: dict[str, Any], **more: Any) -> None:
        """Make the board show an image with these boxes, and wait until it does."""
        picture = f"data:image/jpeg;base64,{b64encode(GROUP.read_bytes()).decode()}"
        told = {
            "key": "one", "turn": 1, "image_id": "one", "name": "a.jpg", "width_px": 1000, "height_px": 600,
            "boxes": list(boxes), "frames": 1, "can_approve": True, "can_reject": True, "is_rendering": False,
            "message": "", "claimed_until": "soon", "claimed_for_s": 300, "original": picture, "result": picture,
        }  # fmt: skip
        self.tell_more(**(told | more))

    def tell_more(self, **more: Any) -> None:
        """Send more data about the shown image, and wait until the board has it."""
        self._told |= more
        self.page.evaluate("(data) => window.tell(data)", self._told)
        is_busy = str(self._told["is_rendering"]).lower()
        expect(self.board).to_have_attribute("data-image", self._told["image_id"])
        expect(self.board).to_have_attribute("data-busy", is_busy)

    @property
    def board(self) -> Locator:
        """The board itself."""
        return self.page.locator(".board")

    @property
    def answers(self) -> list[dict[str, Any]]:
        """The messages of the reviewer's actions."""
        found: list[dict[str, Any]] = self.page.evaluate("window.answers")
        return found

    def saved(self) -> list[dict[str, Any]]:
        """Save; the boxes that the board sends."""
        before = len(self.answers)
        self.press("s")
        self.page.wait_for_function("(before) => window.answers.length > before", arg=before)
        answer = self.answers[-1]
        assert answer["kind"] == "save"
        boxes: list[dict[str, Any]] = answer["boxes"]
        return boxes

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, x: float, y: float) -> None:
        """Click on a point of the photograph."""
        self.page.mouse.click(*self.screen(x, y))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag from a point of the photograph to another."""
        self.page.mouse.move(*self.screen(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.screen(*end), steps=4)
        self.page.mouse.up()

    def screen(self, x: float, y: float) -> tuple[float, float]:
        """The position on the screen of a point of the photograph."""
        return on_screen(self.page, x, y)


def on_screen(page: Page, x: float, y: float) -> tuple[float, float]:
    """The position on the screen of a point of the photograph, in any page with a board."""
    canvas = page.locator("canvas.before")
    frame = canvas.bounding_box()
    assert frame is not None
    scale, left, top = (float(canvas.get_attribute(f"data-{name}") or 0) for name in ("scale", "left", "top"))
    return frame["x"] + left + x * scale, frame["y"] + top + y * scale


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *arguments])
        yield browser
        browser.close()


@contextmanager
def board_page(browser: Browser) -> Iterator[BoardPage]:
    """A board in a new page; an error in a script fails the test."""
    errors: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield BoardPage(page)
    page.close()
    assert not errors

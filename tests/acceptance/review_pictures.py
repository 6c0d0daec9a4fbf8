"""Takes the pictures of docs/reviewer.md: `python -m tests.acceptance.review_pictures`."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.stack import Stack, finished, submit
from tests.dashboard.board_page import chromium, on_screen
from tests.pictures import GROUP
from tests.waiting import TIMEOUT_MS

_FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
_COLOURS = 256
_MOST_PX = (1152, 720)


def main() -> None:
    """Start a stack, open the pages, and save the pictures."""
    expect.set_options(timeout=TIMEOUT_MS)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        stack = Stack(Path(folder))
        stack.start()
        try:
            _take_all(stack, browser)
        finally:
            stack.stop()


def _take_all(stack: Stack, browser: Browser) -> None:
    url = f"{stack.dashboard_url()}/review"
    page = _page(stack, browser, 1280, "light")
    page.goto(url)
    expect(page.get_by_text("No image waits for review")).to_be_visible()
    _keep(page, "review-empty")
    with stack.client() as client:
        finished(client, submit(client, [("market/group.jpg", GROUP.read_bytes())], review="always"))
    _wait_for_board(page)
    page.mouse.move(0, 0)
    _keep(page, "review")

    wide = _page(stack, browser, 1920, "dark")
    wide.goto(url)
    _wait_for_board(wide)
    wide.keyboard.press("Tab")
    wide.keyboard.press("Delete")
    wide.mouse.move(*on_screen(wide, 220, 800))
    wide.mouse.down()
    wide.mouse.move(*on_screen(wide, 310, 890), steps=4)
    wide.mouse.up()
    expect(wide.locator(".board")).to_contain_text("1 drawn")
    _keep(wide, "review-corrections")
    wide.keyboard.press("?")
    expect(wide.get_by_text("set aside, next image")).to_be_visible()
    _keep(wide, "review-keys")


def _page(stack: Stack, browser: Browser, width: int, scheme: Literal["light", "dark"]) -> Page:
    context = browser.new_context(viewport={"width": width, "height": width * 5 // 8}, color_scheme=scheme)
    stack.sign_in(context)
    return context.new_page()


def _wait_for_board(page: Page) -> None:
    expect(page.locator(".board")).to_have_attribute("data-busy", "false")


def _keep(page: Page, name: str) -> None:
    """Save a PNG with few colours, which takes a fraction of the bytes."""
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        kept = picture.convert("RGB")
        kept.thumbnail(_MOST_PX)
        kept.quantize(_COLOURS, dither=Image.Dither.NONE).save(_FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()

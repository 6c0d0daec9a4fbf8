"""The board of the Review page, as a reviewer handles it over the whole stack."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.dashboard.board_page import on_screen


def board(page: Page) -> Locator:
    """The board itself."""
    return page.locator(".board")


def wait_until_shown(page: Page, other_than: str = "") -> tuple[str, str]:
    """Wait for another image on the board; its id and name."""
    shown = board(page)
    expect(shown).to_have_attribute("data-busy", "false")
    expect(shown).not_to_have_attribute("data-image", other_than)
    expect(shown).to_have_attribute("data-busy", "false")
    return shown.get_attribute("data-image") or "", shown.get_attribute("data-name") or ""


def middle(box: tuple[float, float, float, float]) -> tuple[float, float]:
    """The centre of a box given by its corners."""
    x1, y1, x2, y2 = box
    return (x1 + x2) / 2, (y1 + y2) / 2


def drag(page: Page, x1: float, y1: float, x2: float, y2: float) -> None:
    """Drag from one point of the photograph to another."""
    page.mouse.move(*on_screen(page, x1, y1))
    page.mouse.down()
    page.mouse.move(*on_screen(page, x2, y2), steps=5)
    page.mouse.up()

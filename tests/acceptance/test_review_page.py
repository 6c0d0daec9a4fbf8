"""The Review page in a real browser over the whole stack: exactly the marked faces are destroyed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.review_board import board, drag, wait_until_shown
from tests.acceptance.stack import Stack, finished, submit
from tests.dashboard.board_page import HAS_CHROMIUM
from tests.pictures import HOPPER
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(not HAS_CHROMIUM, reason="needs Debian's chromium; .ci/run installs it")


@pytest.fixture
def reviewer(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client("operator", "review") as client:
        yield client


def _open(stack: Stack, browser: Browser, path: str, user: str = "operator") -> Page:
    """A page of the dashboard in a browser in which this user is signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    stack.sign_in(context, user)
    page = context.new_page()
    page.goto(f"{stack.dashboard_url()}{path}")
    wait_until_shown(page)
    return page


def _image(client: httpx.Client, image_id: str) -> dict[str, Any]:
    image: dict[str, Any] = client.get(f"/v1/images/{image_id}").raise_for_status().json()
    return image


def _decisions(client: httpx.Client, image_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/v1/images/{image_id}/decisions").raise_for_status().json()["decisions"]
    return found


def _held(stack: Stack, files: dict[str, Path]) -> dict[str, dict[str, Any]]:
    with stack.client() as client:
        job_id = submit(client, [(name, path.read_bytes()) for name, path in files.items()], review="always")
        return finished(client, job_id)


def test_a_held_correction_shows_its_new_result_before_it_is_published(
    stack: Stack, browser: Browser, reviewer: httpx.Client
) -> None:
    image_id = _held(stack, {"hold.jpg": HOPPER})["hold.jpg"]["id"]
    page = _open(stack, browser, f"/review?image={image_id}")
    page.get_by_label("Show me the new result").check()
    drag(page, 300, 430, 380, 520)
    page.keyboard.press("s")
    expect(board(page)).to_contain_text("2 destroyed")
    assert wait_until_shown(page) == (image_id, "hold.jpg")
    assert _image(reviewer, image_id)["state"] == "needs_review"
    page.keyboard.press("a")
    wait_for("it is published", lambda: _image(reviewer, image_id)["state"] == "published")
    page.context.close()


def test_two_reviewers_publish_where_the_policy_demands_them(
    stack: Stack, browser: Browser, reviewer: httpx.Client
) -> None:
    with stack.client() as client:
        job_id = submit(client, [("four.jpg", HOPPER.read_bytes())], review="always", reviewers=2)
        image_id = finished(client, job_id)["four.jpg"]["id"]
    address = f"/review?image={image_id}"
    rita = _open(stack, browser, address, "rita")
    rita.keyboard.press("a")
    expect(rita.get_by_text("four.jpg: approved. Another reviewer must approve it too.").first).to_be_visible()
    assert _image(reviewer, image_id)["error"]["code"] == "second_approval"
    rita.goto(f"{stack.dashboard_url()}{address}")
    wait_until_shown(rita)
    expect(board(rita).locator('button[data-do="approve"]')).to_be_disabled()
    expect(board(rita).get_by_text("Another reviewer must approve it too")).to_be_visible()
    rita.keyboard.press("n")
    wait_for("it is free", lambda: reviewer.post(f"/v1/images/{image_id}/claim").is_success)
    reviewer.post(f"/v1/images/{image_id}/release").raise_for_status()
    rob = _open(stack, browser, address, "rob")
    rob.keyboard.press("a")
    wait_for("it is published", lambda: _image(reviewer, image_id)["state"] == "published")
    assert [each["reviewer"] for each in _decisions(reviewer, image_id)] == ["rita", "rob"]
    for page in (rita, rob):
        page.context.close()


def test_a_document_is_seen_at_full_resolution_page_by_page(
    stack: Stack, browser: Browser, reviewer: httpx.Client, tmp_path: Path
) -> None:
    with Image.open(HOPPER) as hopper:
        first = hopper.convert("RGB").resize((2400, 2400 * hopper.height // hopper.width))
        first.save(tmp_path / "pages.tif", save_all=True, append_images=[hopper.convert("RGB")], compression="jpeg")
    image_id = _held(stack, {"pages.tif": tmp_path / "pages.tif"})["pages.tif"]["id"]
    page = _open(stack, browser, f"/review?image={image_id}")
    page.locator(".stage").focus()
    page.keyboard.press("1")
    expect(page.locator(".resolution")).to_have_text("1 : 1")
    expect(board(page)).to_have_attribute("data-detail", "full")
    expect(board(page).locator('button[data-do="approve"]')).to_be_disabled()
    expect(page.locator(".strip img[src]")).to_have_count(2)
    page.keyboard.press("]")
    expect(board(page)).to_contain_text("Frame 2 of 2, all seen")
    page.keyboard.press("a")
    wait_for("it is published", lambda: _image(reviewer, image_id)["state"] == "published")
    page.context.close()


def test_twenty_images_are_handled_by_keyboard(stack: Stack, browser: Browser, reviewer: httpx.Client) -> None:
    held = _held(stack, {f"twenty/{at:02}.jpg": HOPPER for at in range(20)})
    plan = {name: ["approve", "approve", "reject", "approve", "save"][at % 5] for at, name in enumerate(sorted(held))}
    page = _open(stack, browser, f"/review?image={held['twenty/00.jpg']['id']}")
    left = set(held)
    image_id = ""
    started = time.monotonic()
    while left:
        image_id, name = wait_until_shown(page, image_id)
        for key in _keys(plan.get(name)):
            page.keyboard.press(key)
        left.discard(name)
    took_s = time.monotonic() - started
    print(f"20 images in {took_s:.1f} s: {1200 / took_s:.0f} a minute")
    kinds = {"approve": "approved", "reject": "rejected", "save": "corrected"}
    for name, image in held.items():
        decided = wait_for(f"{name} is decided on", lambda url=image["id"]: _decisions(reviewer, url))  # type: ignore[misc]
        assert [(each["kind"], each["note"]) for each in decided] == [
            (kinds[plan[name]], "mirror" if plan[name] == "reject" else "")
        ]
    page.context.close()


def _keys(action: str | None) -> list[str]:
    """The keys that decide on an image; an image of another test is skipped."""
    match action:
        case "approve":
            return ["f", "f", "a"]
        case "reject":
            return ["r", *"mirror", "Enter"]
        case "save":
            return ["Tab", "Delete", "s"]
        case _:
            return ["n"]


def test_two_reviewers_never_see_the_same_image(stack: Stack, browser: Browser, reviewer: httpx.Client) -> None:
    _held(stack, {f"two/{at}.jpg": HOPPER for at in range(10)})
    users = ("rita", "rob")
    pages = [_open(stack, browser, "/review", user) for user in users]
    seen: list[str] = []
    shown = ["", ""]
    for _ in range(3):
        for at, page in enumerate(pages):
            shown[at], _name = wait_until_shown(page, shown[at])
            seen.append(shown[at])
        for page in pages:
            page.keyboard.press("a")
    assert len(set(seen)) == len(seen) == 6
    for at, image_id in enumerate(seen):
        (decision,) = wait_for("the decision", lambda image_id=image_id: _decisions(reviewer, image_id))  # type: ignore[misc]
        assert decision["reviewer"] == users[at % 2]
    for page in pages:
        page.context.close()

"""The Review page in a real browser over the whole stack: what a reviewer marks is what is destroyed."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

import dashboard
from tests.acceptance.stack import Stack, fetch, finished, submit, wait_for
from tests.dashboard.board_page import HAS_CHROMIUM, on_screen
from tests.pictures import GROUP, HOPPER

pytestmark = pytest.mark.skipif(not HAS_CHROMIUM, reason="needs Debian's chromium; .ci/run installs it")

DRAWN = (220.0, 800.0, 310.0, 890.0)
PACE_S = 60
_DASHBOARD_OF = """
import sys
import dashboard.sign_in
from streamlit.web import cli
dashboard.sign_in.LOCAL_USER = sys.argv.pop(1)
cli.main()
"""


@pytest.fixture
def reviewer(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client("operator", "review") as client:
        yield client


def _open(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(url)
    _wait_until_shown(page)
    return page


def _board(page: Page) -> Locator:
    return page.locator(".board")


def _wait_until_shown(page: Page, other_than: str = "") -> tuple[str, str]:
    """The id and name of the image on the board, once it is another."""
    board = _board(page)
    expect(board).to_have_attribute("data-busy", "false", timeout=20_000)
    expect(board).not_to_have_attribute("data-image", other_than, timeout=20_000)
    expect(board).to_have_attribute("data-busy", "false", timeout=20_000)
    return board.get_attribute("data-image") or "", board.get_attribute("data-name") or ""


def _middle(box: dict[str, float]) -> tuple[float, float]:
    return (box["x1"] + box["x2"]) / 2, (box["y1"] + box["y2"]) / 2


def _drag(page: Page, x1: float, y1: float, x2: float, y2: float) -> None:
    page.mouse.move(*on_screen(page, x1, y1))
    page.mouse.down()
    page.mouse.move(*on_screen(page, x2, y2), steps=5)
    page.mouse.up()


def _changed(data: bytes, x1: float, y1: float, x2: float, y2: float) -> float:
    """How much of a box of the group picture differs from its original, in levels."""
    area = np.s_[int(y1) : int(y2), int(x1) : int(x2)]
    before, after = (np.asarray(Image.open(file).convert("RGB"), np.float32) for file in (GROUP, io.BytesIO(data)))
    return float(np.abs(before[area] - after[area]).mean())


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


def test_a_false_box_is_dropped_and_a_missed_face_drawn(stack: Stack, browser: Browser, reviewer: httpx.Client) -> None:
    image_id = _held(stack, {"group.jpg": GROUP})["group.jpg"]["id"]
    page = _open(browser, f"{stack.dashboard_url()}/review?image={image_id}")
    assert _wait_until_shown(page) == (image_id, "group.jpg")
    before = [box for box in _image(reviewer, image_id)["detections"] if box["destroyed"]]
    dropped = before[0]
    page.mouse.click(*on_screen(page, *_middle(dropped)))
    _drag(page, *DRAWN)
    _drag(page, 700, 900, 760, 960)
    page.keyboard.press("u")
    page.keyboard.press("Shift+U")
    page.keyboard.press("u")
    expect(_board(page)).to_contain_text("1 dropped")
    expect(_board(page)).to_contain_text("1 drawn")
    page.keyboard.press("s")
    expect(page.get_by_text("group.jpg: published")).to_be_visible(timeout=30_000)

    (decision,) = _decisions(reviewer, image_id)
    (added,) = decision["added"]
    assert [added[side] for side in ("x1", "y1", "x2", "y2")] == pytest.approx(DRAWN, abs=2)
    assert [box["x1"] for box in decision["dropped"]] == [dropped["x1"]]
    assert decision["reviewer"] == "operator"
    image = _image(reviewer, image_id)
    assert image["faces_found"] == len(before)
    with stack.client() as owner:
        data = fetch(owner, image)
    assert _changed(data, *DRAWN) > 10
    assert _changed(data, *(dropped[side] for side in ("x1", "y1", "x2", "y2"))) < 2
    assert _changed(data, *(before[1][side] for side in ("x1", "y1", "x2", "y2"))) > 10
    page.context.close()


def test_a_held_correction_shows_its_new_result_before_it_is_published(
    stack: Stack, browser: Browser, reviewer: httpx.Client
) -> None:
    image_id = _held(stack, {"hold.jpg": HOPPER})["hold.jpg"]["id"]
    page = _open(browser, f"{stack.dashboard_url()}/review?image={image_id}")
    page.get_by_label("Show me the new result").check()
    _drag(page, 300, 430, 380, 520)
    page.keyboard.press("s")
    expect(_board(page)).to_contain_text("2 destroyed", timeout=30_000)
    assert _wait_until_shown(page) == (image_id, "hold.jpg")
    assert _image(reviewer, image_id)["state"] == "needs_review"
    page.keyboard.press("a")
    wait_for("it is published", lambda: _image(reviewer, image_id)["state"] == "published", 20)
    page.context.close()


def test_twenty_images_are_handled_by_keyboard_within_a_minute(
    stack: Stack, browser: Browser, reviewer: httpx.Client
) -> None:
    held = _held(stack, {f"twenty/{at:02}.jpg": HOPPER for at in range(20)})
    plan = {name: ["approve", "approve", "reject", "approve", "save"][at % 5] for at, name in enumerate(sorted(held))}
    page = _open(browser, f"{stack.dashboard_url()}/review?image={held['twenty/00.jpg']['id']}")
    left = set(held)
    image_id = ""
    started = time.monotonic()
    while left:
        image_id, name = _wait_until_shown(page, image_id)
        for key in _keys(plan.get(name)):
            page.keyboard.press(key)
        left.discard(name)
    took_s = time.monotonic() - started
    print(f"20 images in {took_s:.1f} s: {1200 / took_s:.0f} a minute")
    kinds = {"approve": "approved", "reject": "rejected", "save": "corrected"}
    for name, image in held.items():
        decided = wait_for(f"{name} is decided on", lambda url=image["id"]: _decisions(reviewer, url), 20)  # type: ignore[misc]
        assert [(each["kind"], each["note"]) for each in decided] == [
            (kinds[plan[name]], "mirror" if plan[name] == "reject" else "")
        ]
    assert took_s <= PACE_S
    page.context.close()


def _keys(action: str | None) -> list[str]:
    """The keys of a decision; an image of another test is put aside."""
    match action:
        case "approve":
            return ["f", "f", "a"]
        case "reject":
            return ["r", *"mirror", "Enter"]
        case "save":
            return ["Tab", "Delete", "s"]
        case _:
            return ["n"]


@contextmanager
def _dashboard_of(stack: Stack, user: str) -> Iterator[str]:
    """Another dashboard, for another reviewer at this machine."""
    port = _free_port()
    app = Path(dashboard.__file__).parent / "pages" / "app.py"
    options = ["--server.address=127.0.0.1", f"--server.port={port}"]
    process = subprocess.Popen(
        [sys.executable, "-c", _DASHBOARD_OF, user, "run", str(app), *options],
        env=os.environ | stack.environment() | stack.variables(),
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for("the other dashboard is up", lambda: _answers(f"{url}/_stcore/health"), 60)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


def test_two_reviewers_never_see_the_same_image(stack: Stack, browser: Browser) -> None:
    _held(stack, {f"two/{at}.jpg": HOPPER for at in range(10)})
    with _dashboard_of(stack, "rob") as other_url:
        pages = [_open(browser, f"{url}/review") for url in (stack.dashboard_url(), other_url)]
        seen: list[str] = []
        shown = ["", ""]
        for _ in range(3):
            for at, page in enumerate(pages):
                shown[at], _name = _wait_until_shown(page, shown[at])
                seen.append(shown[at])
            for page in pages:
                page.keyboard.press("a")
        assert len(set(seen)) == len(seen) == 6
        for page in pages:
            page.context.close()

"""A reviewer by keyboard: images a minute, with a look at every box at a size in which a face can be judged.

It presses the keys of a person, each as soon as the page is ready for it, so that what it measures is the page's share
of the time: Tab to each box, until the picture has all its detail there, then A, until the next image is shown.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

from PIL import Image
from playwright.sync_api import Locator, Page

from benchmarks.stack import running_stack
from tests.acceptance.stack import Stack, finished, submit
from tests.dashboard.board_page import chromium
from tests.pictures import COFFEE, GROUP, encoded

_PICTURES = 20
_SIZE_PX = (4000, 2500)
_GROUP_SCALE = 0.39
_SMALL_PX = 40
_VIEWPORT_PX = (1440, 900)
_PATIENCE_MS = 60_000
_READY = """(board, [name, before, patience]) => new Promise((done, fail) => {
    const begun = performance.now();
    const said = () => board.querySelector(".spoken").textContent;
    const now = () => (name === "image" ? board.dataset.image : said());
    const isReady = () => board.dataset.busy === "false" && board.dataset.detail === "full";
    const look = () => {
        if (now() && now() !== before && isReady()) done(now());
        else if (performance.now() - begun > patience) fail(new Error(`${name} stays ${before}`));
        else requestAnimationFrame(look);
    };
    look();
})"""


@dataclass(slots=True)
class _Times:
    """Milliseconds from each key until the page is ready for the next."""

    tab: list[float] = field(default_factory=list)
    approve: list[float] = field(default_factory=list)


def run() -> dict[str, Any]:
    """Images a minute, and milliseconds from a key until the page is ready for the next."""
    with running_stack() as stack, chromium() as browser:
        boxes = _held(stack)
        width, height = _VIEWPORT_PX
        context = browser.new_context(viewport={"width": width, "height": height})
        stack.sign_in(context)
        page = context.new_page()
        page.goto(f"{stack.dashboard_url()}/review")
        board = page.locator(".board")
        times = _Times()
        shown = _until_ready(board, "image", "")
        said = ""
        started = time.perf_counter()
        for left in reversed(range(len(boxes))):
            for _ in boxes[shown]:
                said = _press(page, board, "Tab", "box", said, times.tab)
            if left:
                shown, said = _press(page, board, "a", "image", shown, times.approve), ""
        page.keyboard.press("a")
        took_s = time.perf_counter() - started
        context.close()
    sides = [side for each in boxes.values() for side in each]
    return {
        "images": len(boxes),
        "megapixels": _SIZE_PX[0] * _SIZE_PX[1] // 10**6,
        "boxes": len(sides),
        f"boxes_under_{_SMALL_PX}_px": sum(side < _SMALL_PX for side in sides),
        "images_per_minute": round(len(boxes) * 60 / took_s, 1),
        "tab_to_full_detail_ms": _spread(times.tab),
        "approve_to_next_image_ms": _spread(times.approve),
        "key_to_ready_ms": _spread(times.tab + times.approve),
        "load_average": round(os.getloadavg()[0], 1),
    }


def _held(stack: Stack) -> dict[str, list[float]]:
    """Submit the pictures for a review; the longer side of each box, by image."""
    files = [(f"{at:02}.jpg", _picture(at)) for at in range(_PICTURES)]
    with stack.client() as client, stack.client("operator", "review") as reviewer:
        images = finished(client, submit(client, files, review="always"))
        sides = {}
        for image in images.values():
            found = reviewer.get(f"/v1/images/{image['id']}").raise_for_status().json()["detections"]
            sides[image["id"]] = [max(box["x2"] - box["x1"], box["y2"] - box["y1"]) for box in found]
    return sides


def _picture(number: int) -> bytes:
    """A photograph with a distant group of people, at another place in each."""
    chosen = random.Random(number)
    with Image.open(COFFEE) as coffee, Image.open(GROUP) as group:
        whole = coffee.convert("RGB").resize(_SIZE_PX, Image.Resampling.BICUBIC)
        people = group.convert("RGB").crop((0, 0, group.width // 2, group.height))
        people = people.resize((round(people.width * _GROUP_SCALE), round(people.height * _GROUP_SCALE)))
        place = chosen.randrange(whole.width - people.width), chosen.randrange(whole.height - people.height)
        whole.paste(people, place)
    return encoded(whole, "JPEG", quality=90)


def _press(page: Page, board: Locator, key: str, changes: str, before: str, times_ms: list[float]) -> str:
    """Press a key, and wait until the board is ready for the next; what it then shows."""
    started = time.perf_counter()
    page.keyboard.press(key)
    now = _until_ready(board, changes, before)
    times_ms.append((time.perf_counter() - started) * 1000)
    return now


def _until_ready(board: Locator, changes: str, before: str) -> str:
    """Wait until the image or the spoken box is another, in full detail."""
    return str(board.evaluate(_READY, [changes, before, _PATIENCE_MS]))


def _spread(values: list[float]) -> dict[str, int]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49]), "p95": round(cuts[94])}

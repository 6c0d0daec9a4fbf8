"""Takes the pictures of docs/dashboard.md and docs/statistics.md: `python -m tests.acceptance.dashboard_pictures`."""

from __future__ import annotations

import io
import os
import signal
import tempfile
from pathlib import Path
from typing import Literal

import psycopg
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from benchmarks.million.rows import fill
from dashboard.problems import AWAY
from tests.acceptance.stack import Stack, finished, submit
from tests.dashboard.board_page import chromium
from tests.pictures import ASTRONAUT, COFFEE, GROUP, HOPPER, SAMPLES
from tests.waiting import TIMEOUT_MS

_FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
_COLOURS = 128
_MOST_PX = (1152, 720)
_MANY = 10_000
_A_YEAR_OF = 60_000  # images
_ALL_LOADED = "[...document.images].every((image) => image.complete && image.naturalWidth > 0)"
_FILL = """
WITH made AS (
    INSERT INTO jobs (id, owner, policy, labels, created_at, finished_at)
    SELECT uuidv7(n * interval '-7 minutes'), (ARRAY['ann', 'ben', 'desk'])[1 + mod(n, 3)], policy,
           jsonb_build_object('assignment', (4711 + mod(n, 40))::text), now() - n * interval '7 minutes', now()
    FROM generate_series(1, %(many)s) AS n, (SELECT policy FROM jobs LIMIT 1) AS one
    RETURNING id
)
INSERT INTO images (id, job_id, position, name, original_key, original_etag, original_bytes, state, error_code,
                    error_message, result_key, faces)
SELECT gen_random_uuid(), id, position, position || '.jpg', gen_random_uuid()::text, 'etag', 3000000,
       CASE WHEN is_good THEN 'published' ELSE 'failed' END, CASE WHEN NOT is_good THEN 'unreadable_picture' END,
       CASE WHEN NOT is_good THEN 'The picture is cut short.' END, CASE WHEN is_good THEN 'none' END, 2
FROM made, generate_series(0, 3) AS position,
     LATERAL (SELECT mod(hashtext(id::text || position), 20) <> 0) AS chance (is_good)
"""


def main() -> None:
    """Start a stack, open the pages, and save the pictures."""
    expect.set_options(timeout=TIMEOUT_MS)
    _FOLDER.mkdir(exist_ok=True)
    with chromium() as browser:
        for take in (_take_pages, _take_figures):
            with tempfile.TemporaryDirectory() as folder:
                stack = Stack(Path(folder))
                stack.start()
                try:
                    take(stack, browser)
                finally:
                    stack.stop()


def _take_pages(stack: Stack, browser: Browser) -> None:
    url = stack.dashboard_url()
    page, wide = _page(stack, browser, 1280, "light"), _page(stack, browser, 1920, "dark")
    _open(page, f"{url}/jobs", "There are no jobs yet")
    _keep(page, "dashboard-jobs-empty")

    _open(page, url, "Adjust the policy")
    page.locator("input.files").set_input_files([HOPPER, ASTRONAUT, COFFEE, GROUP])
    page.get_by_text("Adjust the policy").click()
    expect(page.get_by_role("button", name="Submit 4 photographs")).to_be_enabled()
    page.mouse.move(0, 0)
    _keep(page, "dashboard-submit")

    with stack.client(user="ann") as client:
        names = ("astronaut.png", "camera.png", "coffee.png", "group.jpg", "hopper.jpg", "hopper_orientation6.jpg")
        files = [(name, (SAMPLES / name).read_bytes()) for name in names]
        job_id = submit(client, [*files, ("cut_short.jpg", HOPPER.read_bytes()[:9000])])
        image_id = finished(client, job_id)["group.jpg"]["id"]
    for at, name in ((page, "dashboard-job"), (wide, "dashboard-job-dark")):
        _open(at, f"{url}/jobs?job={job_id}", "1 image failed")
        expect(at.get_by_role("img", name="Result of hopper.jpg")).to_be_visible()
        if at is wide:
            at.get_by_text("Before and after").click()
            expect(at.get_by_role("img", name="Original of hopper.jpg")).to_be_visible()
            _wait_until_settled(at)
        at.evaluate("window.scrollTo(0, 0)")
        _keep(at, name)
    _open(page, f"{url}/jobs?job={job_id}&image={image_id}", "Faces destroyed")
    expect(page.locator(".viewer")).to_have_attribute("data-detail", "full")
    _keep(page, "dashboard-image")

    _open(wide, f"{url}/system", "PostgreSQL")
    _keep(wide, "dashboard-system")
    with psycopg.connect(stack.variables()["BLURLINE_DATABASE_URL"]) as connection:
        connection.execute(_FILL, {"many": _MANY})
    for at, name in ((page, "dashboard-jobs"), (wide, "dashboard-jobs-dark")):
        _open(at, f"{url}/jobs", "50 jobs")
        at.evaluate("window.scrollTo(0, 0)")
        _keep(at, name)

    os.kill(stack.pids()["api"], signal.SIGKILL)  # started again at once, but the page has been asked before
    page.reload()
    expect(page.get_by_text(AWAY).first).to_be_visible()
    _keep(page, "dashboard-away")


def _take_figures(stack: Stack, browser: Browser) -> None:
    url = stack.dashboard_url()
    page, wide = _page(stack, browser, 1280, "light"), _page(stack, browser, 1920, "dark")
    _open(page, f"{url}/statistics", "Deleted images are not counted")
    _keep(page, "statistics-empty")
    _open(page, f"{url}/exports", "Choose a longer time")
    _keep(page, "exports-empty")
    fill(stack.variables()["BLURLINE_DATABASE_URL"], _A_YEAR_OF)
    for at, suffix in ((wide, "-dark"), (page, "")):
        _open(at, f"{url}/exports", "Training sets")
        _keep(at, f"exports{suffix}")
        _open(at, f"{url}/statistics", "Deleted images are not counted")
        _keep(at, f"statistics{suffix}")
    for section, name, text in (("Faces", "faces", "Face sizes"), ("Review and quality", "quality", "By profile")):
        page.get_by_test_id("stButtonGroup").get_by_text(section).click()
        expect(page.get_by_text(text).first).to_be_visible()
        _wait_until_settled(page)
        _keep(page, f"statistics-{name}")


def _page(stack: Stack, browser: Browser, width: int, scheme: Literal["light", "dark"]) -> Page:
    context = browser.new_context(viewport={"width": width, "height": width * 5 // 8}, color_scheme=scheme)
    stack.sign_in(context)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    return page


def _open(page: Page, url: str, text: str) -> None:
    page.goto(url)
    expect(page.get_by_text(text).first).to_be_visible()
    _wait_until_settled(page)


def _wait_until_settled(page: Page) -> None:
    for busy in ("stStatusWidget", "stSkeleton"):
        expect(page.get_by_test_id(busy)).to_have_count(0)


def _keep(page: Page, name: str) -> None:
    """Save a PNG with few colours, which takes a fraction of the bytes."""
    page.wait_for_function(_ALL_LOADED)
    with Image.open(io.BytesIO(page.screenshot(animations="disabled"))) as picture:
        kept = picture.convert("RGB")
        kept.thumbnail(_MOST_PX)
        kept.quantize(_COLOURS, dither=Image.Dither.NONE).save(_FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()

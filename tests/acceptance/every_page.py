"""Every page of the dashboard with something on it, for tests that look at each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from tests.acceptance.stack import Stack, finished, submit
from tests.pictures import GROUP, HOPPER

_BUSY = ("stStatusWidget", "stSkeleton", "stSpinner")


@dataclass(frozen=True, slots=True)
class Visit:
    """A page: its name, its path, a text that shows that it is there, and what to press then."""

    name: str
    path: str
    text: str
    press: str | None = None


def visits(stack: Stack) -> list[Visit]:
    """Every page, after a job with published, failed and held images."""
    with stack.client(user="ann") as client:
        files = [("group.jpg", GROUP.read_bytes()), ("cut.jpg", HOPPER.read_bytes()[:9000])]
        job = submit(client, files)
        images = finished(client, job)
        held = finished(client, submit(client, [("held.jpg", HOPPER.read_bytes())], review="always"))["held.jpg"]
    sections = ("Overview", "Faces", "Speed", "Failures and models", "Review and quality")
    return [
        Visit("submit", "/", "Adjust the policy", "Adjust the policy"),
        Visit("jobs", "/jobs", "Submitted"),
        Visit("job", f"/jobs?job={job}", "1 image failed"),
        Visit("image", f"/jobs?job={job}&image={images['group.jpg']['id']}", "Faces destroyed"),
        Visit("failed image", f"/jobs?job={job}&image={images['cut.jpg']['id']}", "Export or upload it again"),
        Visit("find", "/find", "found"),
        Visit("review", "/review", "held.jpg"),
        Visit("board", f"/review?image={held['id']}", "Approve"),
        *(Visit(f"statistics {each}", f"/statistics?figures={each}", "Deleted images are not") for each in sections),
        Visit("exports", "/exports", "Training sets"),
        Visit("system", "/system", "PostgreSQL"),
        Visit("guides", "/guides?guide=dashboard", "The dashboard"),
    ]


def show(page: Page, url: str, visit: Visit) -> None:
    """Open a page and wait until nothing on it changes."""
    page.goto(url + visit.path)
    expect(page.get_by_text(visit.text).first).to_be_visible()
    if visit.press:
        page.get_by_text(visit.press).first.click()
    for busy in _BUSY:
        expect(page.get_by_test_id(busy)).to_have_count(0)
    page.wait_for_function("[...document.images].every((image) => image.complete)")


def too_wide(page: Page) -> Iterator[Any]:
    """The elements that make the page wider than the window."""
    yield from page.evaluate(
        """() => {
            const main = document.querySelector('[data-testid=stMain]');
            if (document.documentElement.scrollWidth <= innerWidth && main.scrollWidth <= main.clientWidth) return [];
            const scrolls = (each) => each !== main && getComputedStyle(each).overflowX !== 'visible';
            const isInside = (each) => each && each !== main && (scrolls(each) || isInside(each.parentElement));
            return [...main.querySelectorAll('*')]
                .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 && !isInside(each.parentElement))
                .map((each) => `${each.tagName} ${each.dataset.testid ?? each.className}`);
        }"""
    )

"""The page of an image in a real browser over the whole stack: every pixel of a large result, and a sphere."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.stack import Stack, finished, submit
from tests.dashboard.board_page import HAS_CHROMIUM, chromium
from tests.pictures import GROUP, encoded
from tests.spheres import background

pytestmark = pytest.mark.skipif(not HAS_CHROMIUM, reason="needs Debian's chromium; .ci/run installs it")

_GPANO = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:GPano="http://ns.google.com/photos/1.0/panorama/"
 GPano:ProjectionType="equirectangular"/></rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def page(stack: Stack) -> Iterator[Page]:
    """A page of the operator in a browser with WebGL in software."""
    with chromium("--enable-unsafe-swiftshader") as browser:
        yield signed_in(stack, browser)


def signed_in(stack: Stack, browser: Browser) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    stack.sign_in(context)
    return context.new_page()


def _open(stack: Stack, page: Page, name: str, data: bytes) -> None:
    with stack.client() as client:
        image = finished(client, submit(client, [(name, data)], review="never", profile="fast"))[name]
    page.goto(f"{stack.dashboard_url()}/jobs?job={image['job_id']}&image={image['id']}")
    expect(page.locator(".viewer")).to_have_attribute("data-image", re.compile(".+"))


def test_every_pixel_of_a_published_result_is_one_press_away(stack: Stack, page: Page) -> None:
    with Image.open(GROUP) as group:
        large = group.convert("RGB").resize((3600, 2250))
    _open(stack, page, "large.png", encoded(large, "PNG"))
    page.get_by_role("button", name="1:1").click()
    expect(page.locator(".viewer")).to_have_attribute("data-detail", "full")
    expect(page.locator(".viewer .resolution")).to_have_text("1 : 1")


def test_a_sphere_is_looked_around_in_and_nothing_is_loaded_from_elsewhere(stack: Stack, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    file = io.BytesIO()
    Image.fromarray(background(1024)).save(file, "JPEG", xmp=_GPANO)
    _open(stack, page, "sphere.jpg", file.getvalue())
    page.locator(".viewer .bar").get_by_role("button", name="Look around").click()
    expect(page.locator(".sphere")).to_have_attribute("data-loaded", "true")
    own = urlsplit(stack.dashboard_url()).netloc
    assert {urlsplit(url).netloc for url in asked if not url.startswith(("blob:", "data:"))} == {own}

"""Signing in and out at `oidc-provider` 9 as it comes from npm, and its errors in words on the dashboard's page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from api.app import create_app
from blurline.settings import Settings
from tests.acceptance.oidc_provider_of_npm import install, running_issuer
from tests.acceptance.signed_in_dashboard import running_dashboard
from tests.acceptance.stack import free_ports
from tests.api_server import serving
from tests.dashboard.board_page import HAS_CHROMIUM, chromium
from tests.waiting import TIMEOUT_MS

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="needs Debian's chromium; .ci/run installs it"),
]

_SECRET = "kept by the dashboard"


@pytest.fixture(scope="module")
def npm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("npm")
    install(folder)
    return folder


@pytest.fixture
def page() -> Iterator[Page]:
    """A page that reaches only this machine: the issuer's own pages ask for a font elsewhere."""

    def only_here(route: Route) -> None:
        host = route.request.url.split("/")[2].split(":")[0]
        return route.continue_() if host in ("127.0.0.1", "localhost") else route.abort()

    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(TIMEOUT_MS)
        context.route("**/*", only_here)
        yield context.new_page()
        context.close()


def test_people_sign_in_and_out_and_read_what_the_issuer_refuses(
    npm_folder: Path, page: Page, without_prefect: Settings, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    callback = f"http://127.0.0.1:{port}/oauth2callback"
    client: dict[str, object] = {"client_id": "dashboard", "client_secret": _SECRET}
    addresses = {"redirect_uris": [callback], "post_logout_redirect_uris": [callback]}
    with running_issuer(npm_folder, {**client, **addresses}) as issuer:
        trusting = without_prefect.replace(oidc_issuer=issuer, local_issuer=False)
        with serving(create_app(trusting)) as api_url:
            variables = {
                "BLURLINE_API_URL": api_url,
                "BLURLINE_OIDC_ISSUER": issuer,
                "BLURLINE_OIDC_CLIENT_ID": "dashboard",
                "BLURLINE_OIDC_CLIENT_SECRET": _SECRET,
                "BLURLINE_OIDC_REQUESTED_SCOPE": "openid submit review",
            }
            with running_dashboard(tmp_path / "right", port, **variables) as url:
                _cancel(page, url)
                _shows(page, "End-User aborted interaction")
                page.get_by_role("link", name="Back to the dashboard").click()
                _sign_in(page, url)
                expect(page.get_by_text(f"Signed in as {issuer}#ann with the scopes review, submit.")).to_be_visible()
                page.reload()
                expect(page.get_by_text(f"Signed in as {issuer}#ann")).to_be_visible()
                page.get_by_role("button", name="Sign out").click()
                page.get_by_role("button", name="Yes, sign me out").click()
                expect(page.get_by_role("button", name="Sign in")).to_be_visible()
                page.get_by_role("button", name="Sign in").click()
                expect(page.get_by_placeholder("Enter any login")).to_be_visible()  # the issuer forgot the person, too

            wrong_secret = variables | {"BLURLINE_OIDC_CLIENT_SECRET": "another secret"}
            with running_dashboard(tmp_path / "wrong-secret", port, **wrong_secret) as url:
                _sign_in(page, url)
                _shows(page, "BLURLINE_OIDC_CLIENT_SECRET")

            unknown_prompt = variables | {"BLURLINE_OIDC_PROMPT": "select_account"}
            with running_dashboard(tmp_path / "unknown-prompt", port, **unknown_prompt) as url:
                page.goto(url)
                page.get_by_role("button", name="Sign in").click()
                _shows(page, "unsupported prompt value requested")

    with running_dashboard(tmp_path / "no-issuer", port, **variables) as url:
        page.goto(url)
        page.get_by_role("button", name="Sign in").click()
        _shows(page, "BLURLINE_OIDC_ISSUER")


def _sign_in(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_placeholder("Enter any login").fill("ann")
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def _cancel(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Cancel").click()


def _shows(page: Page, words: str) -> None:
    expect(page.get_by_role("alert").get_by_text(words)).to_be_visible()

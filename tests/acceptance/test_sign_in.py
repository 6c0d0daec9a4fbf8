"""Signing in at the dashboard over OpenID Connect, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from api.app import create_app
from blurline.settings import Settings
from tests.acceptance.signed_in_dashboard import running_dashboard
from tests.acceptance.stack import free_ports
from tests.access.oidc_provider import CLIENT_ID, CLIENT_SECRET, Person, Provider
from tests.api_requests import submit
from tests.api_server import serving
from tests.dashboard.board_page import HAS_CHROMIUM, chromium
from tests.waiting import TIMEOUT_MS, TIMEOUT_S

pytestmark = pytest.mark.skipif(not HAS_CHROMIUM, reason="needs Debian's chromium; .ci/run installs it")


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser at the dashboard, and every host that it has contacted."""

    page: Page
    url: str
    hosts: set[str]


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    provider.rotate("one")
    with provider.serving():
        yield provider


@pytest.fixture
def api_url(without_prefect: Settings, provider: Provider) -> Iterator[str]:
    """An API that accepts only tokens of the provider."""
    trusting = without_prefect.replace(oidc_issuer=provider.issuer, local_issuer=False)
    with serving(create_app(trusting)) as url:
        yield url


@pytest.fixture
def dashboard_url(api_url: str, provider: Provider, tmp_path: Path) -> Iterator[str]:
    """A dashboard with sign-in, as an operator starts it: it knows only the API and the provider."""
    (port,) = free_ports(1)
    with running_dashboard(
        tmp_path / "dashboard",
        port,
        BLURLINE_API_URL=api_url,
        BLURLINE_OIDC_ISSUER=provider.issuer,
        BLURLINE_OIDC_CLIENT_ID=CLIENT_ID,
        BLURLINE_OIDC_CLIENT_SECRET=CLIENT_SECRET,
    ) as url:
        yield url


@pytest.fixture
def visit(dashboard_url: str) -> Iterator[Visit]:
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(TIMEOUT_MS)
        visit = Visit(context.new_page(), dashboard_url, set())
        visit.page.on("request", lambda request: visit.hosts.add(_host(request.url)))
        visit.page.on("websocket", lambda websocket: visit.hosts.add(urlsplit(websocket.url).hostname or ""))
        yield visit
        context.close()


def test_people_sign_in_see_their_own_jobs_and_sign_out(visit: Visit, provider: Provider, api_url: str) -> None:
    page = visit.page
    anns, bobs = (_job_of(provider, api_url, subject) for subject in ("ann", "bob"))
    for path in ("", "/jobs", f"/jobs?job={anns}", "/system"):
        _meets_sign_in(visit, path)

    _sign_in(visit, provider, Person("ann", "submit"))
    _sees(page.get_by_text(f"Signed in as {provider.issuer}#ann with the scopes submit."))
    _has_pages(page, "Submit", "Jobs", "Statistics", "Exports", "Guides")
    page.get_by_role("link", name="Jobs").click()
    table = page.get_by_test_id("stDataFrame")
    expect(table).to_contain_text(anns)
    expect(table).not_to_contain_text(bobs)
    page.goto(f"{visit.url}/jobs?job={anns}")
    _sees(page.get_by_text("desk=ann"))
    page.goto(f"{visit.url}/jobs?job={bobs}")
    _sees(page.get_by_text("You have no job with this id."))
    expect(page.get_by_text("desk=")).to_have_count(0)

    _sign_out(page)
    assert provider.signed_out == ["ann"]
    _meets_sign_in(visit, f"/jobs?job={anns}")

    _sign_in(visit, provider, Person("olga", "operate"))
    _sees(page.get_by_text(f"Signed in as {provider.issuer}#olga with the scopes operate."))
    _has_pages(page, "Jobs", "Statistics", "Exports", "System", "Guides")
    _sign_out(page)

    _sign_in(visit, provider, Person("nobody", "openid"))
    _sees(page.get_by_text("The token has no scope of Blurline. It needs one of submit, review, operate."))
    _has_pages(page)
    _sign_out(page)

    assert provider.signed_out == ["ann", "olga", "nobody"]
    assert visit.hosts == {"127.0.0.1"}


def test_an_error_of_the_issuer_is_shown(visit: Visit, provider: Provider) -> None:
    page = visit.page
    provider.refusal = "the client <b>blurline</b> is disabled"
    _sign_in(visit, provider, Person("ann", "submit"))
    _sees(page.get_by_role("alert").get_by_text("the client <b>blurline</b> is disabled"))
    provider.refusal, provider.refuses_codes = None, True
    _sign_in(visit, provider, Person("ann", "submit"))
    _sees(page.get_by_role("alert").get_by_text("An operator checks"))
    provider.refuses_codes = False
    page.get_by_role("link", name="Back to the dashboard").click()
    page.get_by_role("button", name="Sign in").click()
    _sees(page.get_by_text("Signed in as"))
    _sign_out(page)
    page.goto(f"{visit.url}/oauth2callback?code=forged&state=forged")
    _sees(page.get_by_role("alert").get_by_text("The issuer did not respond as expected"))


def _host(url: str) -> str:
    """The host of a request. A `blob:` has that of the page that made it."""
    return urlsplit(url.removeprefix("blob:")).hostname or ""


def _job_of(provider: Provider, api_url: str, subject: str) -> str:
    """A job of a submitter, with their name as a label."""
    bearer = {"Authorization": f"Bearer {provider.token(subject)}"}
    with httpx.Client(base_url=api_url, headers=bearer, timeout=TIMEOUT_S) as client:
        return str(submit(client, "a.jpg", labels=f'{{"desk": "{subject}"}}')["id"])


def _meets_sign_in(visit: Visit, path: str) -> None:
    """The page shows nothing else."""
    visit.page.goto(f"{visit.url}{path}")
    _sees(visit.page.get_by_role("button", name="Sign in"))
    expect(visit.page.get_by_role("button")).to_have_count(1)
    expect(visit.page.get_by_text("desk=")).to_have_count(0)
    expect(visit.page.get_by_text("Signed in")).to_have_count(0)
    _has_pages(visit.page)


def _sign_in(visit: Visit, provider: Provider, person: Person) -> None:
    provider.person = person
    visit.page.goto(visit.url)
    visit.page.get_by_role("button", name="Sign in").click()


def _sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    _sees(page.get_by_role("button", name="Sign in"))


def _sees(what: Locator) -> None:
    expect(what).to_be_visible()


def _has_pages(page: Page, *titles: str) -> None:
    expect(page.get_by_test_id("stTopNavLink")).to_contain_text(list(titles))

"""The dashboard's server as a stranger, another page and a user reach it: a real process over a real API."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
import streamlit.web.server.starlette.starlette_app as streamlit_app
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from api.app import create_app
from blurline.access.tokens import LocalIssuer, Scope
from blurline.settings import Settings
from dashboard.access.guard import HEALTH
from sql.access.sign_in_links import create_link
from tests.acceptance.stack import free_ports
from tests.api_server import serving
from tests.running_process import running_process
from tests.servers import environment_of
from tests.waiting import TIMEOUT_S, wait_for

_PATHS = (
    "/", "/jobs", "/review", "/system?x=1", "/offers/guessed", "/_stcore/metrics", "/_stcore/host-config",
    "/_stcore/stream", "/_stcore/agent/mcp", "/_stcore/upload_file/a/b", "/_stcore/health/", "/media/a.jpg",
    "/component/a", "/static/js/index.js", "/auth/login", "/auth/logout", "/oauth2callback", "/robots.txt", "//evil/x",
)  # fmt: skip


@pytest.fixture(scope="module")
def dashboard_settings(servers: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of an API that runs, and of a dashboard. No test here looks at jobs, so all share the two."""
    home, (port,) = tmp_path_factory.mktemp("guarded"), free_ports(1)
    there = servers.replace(home=home, prefect_api_url="http://127.0.0.1:9/api")
    with serving(create_app(there)) as api_url:
        yield there.replace(api_url=api_url, dashboard_url=f"http://127.0.0.1:{port}")


@pytest.fixture(scope="module")
def url(dashboard_settings: Settings) -> Iterator[str]:
    """A dashboard."""
    url = dashboard_settings.dashboard.url
    command = [sys.executable, "-m", "blurline", "dashboard", "--port", url.rpartition(":")[2]]
    environment = environment_of(dashboard_settings)
    with running_process("the dashboard", f"{url}{HEALTH}", command, env=environment, stderr=subprocess.DEVNULL):
        yield url


@pytest.fixture
def browser(url: str) -> Iterator[httpx.Client]:
    """A browser that opens pages."""
    headers = {"Accept": "text/html", "Origin": url}
    with httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_S) as client:
        yield client


def _token(settings: Settings, user: str, *scopes: Scope, ttl_s: int = 600) -> str:
    return LocalIssuer(settings.home).issue(user, scopes, ttl_s)


def _sign_in(browser: httpx.Client, token: str, following: str = "/") -> httpx.Response:
    return browser.post("/sign-in", data={"token": token, "next": following})


def _is_sign_in_page(answer: httpx.Response) -> bool:
    return answer.status_code == 401 and '<form method="post" action="/sign-in">' in answer.text


def _stream(url: str, headers: dict[str, str], origin: str | None) -> int:
    """The status with which the WebSocket of the pages answers."""
    address = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
    try:
        with connect(address, additional_headers=headers, origin=origin, subprotocols=["streamlit"]):  # type: ignore[arg-type, list-item]
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_a_stranger_gets_nothing_but_the_sign_in_page(url: str) -> None:
    routes = {route for name, route in vars(streamlit_app).items() if name.startswith("BASE_ROUTE")}
    assert all(any(path.startswith(f"/{route}") for path in _PATHS) for route in routes)
    with httpx.Client(base_url=url, timeout=TIMEOUT_S) as stranger:
        for path in _PATHS:
            page = stranger.get(f"{url}{path}", headers={"Accept": "text/html"})
            assert _is_sign_in_page(page), (path, page.status_code, page.text)
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
                for headers in ({}, {"Origin": url}, {"Cookie": "blurline-session=x; _streamlit_user=x"}):
                    answer = stranger.request(method, f"{url}{path}", headers=headers)
                    assert answer.status_code in (401, 403), (method, path, answer.status_code)
        assert stranger.get(HEALTH).text == "ok"
        assert "content-security-policy" in stranger.get("/sign-in").headers
    for origin in (None, url, "http://localhost:3000", "null"):
        assert _stream(url, {}, origin) in (401, 403)


def test_only_the_dashboards_own_pages_use_a_session(
    url: str, browser: httpx.Client, dashboard_settings: Settings
) -> None:
    assert _sign_in(browser, _token(dashboard_settings, "ann", Scope.SUBMIT)).status_code == 303
    cookie = {"Cookie": "; ".join(f"{each.name}={each.value}" for each in browser.cookies.jar)}
    port = url.rpartition(":")[2]
    assert _stream(url, cookie, url) == 101
    foreign = ("http://localhost:3000", f"http://localhost:{port}", "http://127.0.0.1", f"https://127.0.0.1:{port}",
               "http://127.0.0.1:1", "https://evil.example", "null", f"{url}.evil.example", None)  # fmt: skip
    for origin in foreign:
        assert _stream(url, cookie, origin) == 403, origin
        headers = {"Origin": origin} if origin else {}
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            answer = httpx.request(method, f"{url}/_stcore/upload_file/a/b", headers=cookie | headers)
            assert answer.status_code == 403, (method, origin)
        assert httpx.post(f"{url}/sign-in", data={"token": "x"}, headers=headers).status_code == 403
    for site in ("cross-site", "same-site"):
        fetched = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Accept": "*/*"}
        assert httpx.get(f"{url}/media/a.jpg", headers=cookie | fetched).status_code == 403
        assert browser.get("/sign-out", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert _stream(f"http://localhost:{port}", {}, f"http://localhost:{port}") == 401  # its own origin, but no session


def test_the_dashboard_answers_only_as_itself(url: str) -> None:
    port = url.rpartition(":")[2]
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", "localhost", f"[::1]:{port}"):
        assert httpx.get(f"{url}/sign-in", headers={"Host": host}).status_code == 200, host
    for host in ("evil.example", "127.0.0.1.evil.example", "192.0.2.7", "a@localhost", "localhost:x"):
        answer = httpx.get(f"{url}/sign-in", headers={"Host": host})
        assert answer.status_code == 400 and "BLURLINE_ALLOWED_HOSTS" in answer.text, host
        assert _stream(url, {"Host": host}, f"http://{host}") == 400, host
    assert httpx.get(f"{url}{HEALTH}", headers={"Host": "10.0.0.7:8501"}).text == "ok"


def test_a_link_signs_in_once(browser: httpx.Client, dashboard_settings: Settings) -> None:
    link = create_link(dashboard_settings, "rita", [Scope.REVIEW])
    answer = browser.get(link)
    assert answer.status_code == 200 and "0; url=/" in answer.text, answer.text
    cookie = answer.headers["set-cookie"]
    assert re.search(r"HttpOnly; Max-Age=\d+; Path=/; SameSite=strict$", cookie), cookie
    assert 0 < int(re.findall(r"Max-Age=(\d+)", cookie)[0]) <= 12 * 3600
    assert browser.get("/jobs").status_code == 200

    browser.cookies.clear()
    assert _is_sign_in_page(browser.get("/jobs"))
    for address in (link, link[:-1], create_link(dashboard_settings, "rita", [Scope.REVIEW], valid_s=0)):
        answer = browser.get(address)
        assert _is_sign_in_page(answer) and "The link has expired or was used before." in answer.text
        assert "set-cookie" not in answer.headers


def test_several_users_sign_in_with_their_tokens(browser: httpx.Client, dashboard_settings: Settings) -> None:
    answer = _sign_in(browser, _token(dashboard_settings, "ann", Scope.SUBMIT), "/jobs?job=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs?job=1")
    for wrong in ("", "garbage", "x" * 5000, "é", "a\nb", _token(dashboard_settings, "ann", Scope.SUBMIT, ttl_s=-60)):
        browser.cookies.clear()
        assert _is_sign_in_page(_sign_in(browser, wrong)), wrong
        assert not browser.cookies
    assert "It needs one of submit, review, operate" in _sign_in(browser, _token(dashboard_settings, "ann")).text
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", ""):
        answer = _sign_in(browser, _token(dashboard_settings, "bob", Scope.REVIEW), elsewhere)
        assert answer.headers["location"] == "/", elsewhere


def test_a_session_ends_with_a_sign_out_and_with_its_token(
    url: str, browser: httpx.Client, dashboard_settings: Settings
) -> None:
    _sign_in(browser, _token(dashboard_settings, "ann", Scope.SUBMIT))
    (cookie,) = browser.cookies.jar
    assert browser.get("/jobs").status_code == 200
    assert browser.get("/sign-out").headers["location"] == "/sign-in"
    assert not browser.cookies
    copied = {"Cookie": f"{cookie.name}={cookie.value}", "Accept": "text/html"}
    assert _is_sign_in_page(httpx.get(f"{url}/jobs", headers=copied))

    _sign_in(browser, _token(dashboard_settings, "ann", Scope.SUBMIT, ttl_s=3))
    (cookie,) = browser.cookies.jar
    copied = {"Cookie": f"{cookie.name}={cookie.value}", "Accept": "text/html"}
    wait_for("the session ends", lambda: _is_sign_in_page(httpx.get(f"{url}/jobs", headers=copied)))


def test_a_link_from_another_site_opens_its_page(url: str, browser: httpx.Client) -> None:
    clicked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}  # the browser leaves out the cookie
    answer = browser.get("/jobs?job=1&x=<b>", headers=clicked)
    assert (
        answer.status_code == 200 and 'content="0; url=/jobs?job=1&amp;x=' in answer.text and "<b>" not in answer.text
    )
    assert 'content="0; url=/"' in browser.get(f"{url}//evil.example", headers=clicked).text

"""Who can sign in, and which pages they see."""

from __future__ import annotations

import os
import time
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from blurline.access.tokens import LocalIssuer, Scope, local_key
from blurline.errors import ConfigurationError
from blurline.settings import Settings
from dashboard import serve
from dashboard.access.session_cookies import LONGEST_S, SessionCookies, cookie_name, session_cookies, session_of
from tests.dashboard.conftest import HOST, Browser, Enter, Open, texts


def _pages(app: AppTest) -> set[str]:
    return {Path(str(page["script_path"])).stem for page in app._registered_pages.values()}


def test_a_browser_with_a_session_is_signed_in(open_page: Open) -> None:
    page = open_page("system.py")
    assert "Signed in as operator with the scopes operate, review, submit." in texts(page)
    assert {"submit", "jobs", "system"} <= _pages(page)


def test_a_browser_on_this_machine_is_nobody_without_a_session(enter: Enter, api_url: str, browser: Browser) -> None:
    browser.cookies.clear()
    _is_refused(enter(api_url))


def test_a_session_of_another_installation_is_refused(
    enter: Enter, api_url: str, browser: Browser, tmp_path: Path
) -> None:
    token = LocalIssuer(tmp_path / "other").issue("operator", list(Scope), 3600)
    others = SessionCookies(local_key(tmp_path / "other").private_bytes_raw())
    browser.cookies = {cookie_name(HOST): others.begin(token, time.time() + 3600)[0]}
    _is_refused(enter(api_url))


def test_a_session_ends_when_its_user_signs_out(enter: Enter, api_url: str, browser: Browser) -> None:
    page = enter(api_url)
    session = session_of(browser.cookies, HOST)
    assert session is not None
    session_cookies().end(session)
    assert "Signed in" not in texts(page.run())
    _is_refused(enter(api_url))


def test_a_session_ends_with_its_token_and_after_its_longest_time(settings: Settings) -> None:
    cookies = SessionCookies(b"a secret")
    assert cookies.open(cookies.begin("token", time.time() - 1)[0]) is None
    cookie, valid_s = cookies.begin("token", time.time() + 10 * LONGEST_S)
    assert valid_s == LONGEST_S
    assert cookies.open(cookie) is not None
    assert cookies.open(f"{cookie[:-4]}AAAA") is None


def test_nothing_of_the_last_user_stays_in_a_session(
    settings: Settings, enter: Enter, api_url: str, browser: Browser
) -> None:
    page = enter(api_url)
    page.session_state["submitted_job"] = "the operator's"
    browser.sign_in(LocalIssuer(settings.home).issue("ann", [Scope.SUBMIT], 60))
    page.run()
    assert "Signed in as ann with the scopes submit." in texts(page)
    assert "submitted_job" not in page.session_state


def _is_refused(page: AppTest) -> None:
    assert "Signed in" not in texts(page)
    assert "client" not in page.session_state


def test_people_sign_in_with_an_issuer(enter: Enter, api_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLURLINE_OIDC_CLIENT_ID", "dashboard")
    page = enter(api_url, {"is_logged_in": False})
    assert [button.label for button in page.button] == ["Sign in"]
    assert "Signed in" not in texts(page)


def test_scopes_decide_which_pages_are_shown(
    settings: Settings, enter: Enter, api_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLURLINE_OIDC_CLIENT_ID", "dashboard")

    def pages_of(*scopes: Scope) -> set[str]:
        token = LocalIssuer(settings.home).issue("ann", list(scopes), 60)
        return _pages(enter(api_url, {"is_logged_in": True, "tokens": {"access": token}}))

    submitter, reviewer, operator = map(pages_of, (Scope.SUBMIT, Scope.REVIEW, Scope.OPERATE))
    assert {"submit", "jobs"} <= submitter and not {"review", "system"} & submitter
    assert {"jobs", "review"} <= reviewer and not {"submit", "system"} & reviewer
    assert {"jobs", "system"} <= operator and not {"submit", "review"} & operator


def test_a_rejected_token_is_reported_and_can_be_renewed(
    settings: Settings, enter: Enter, api_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLURLINE_OIDC_CLIENT_ID", "dashboard")
    expired = LocalIssuer(settings.home).issue("ann", [Scope.SUBMIT], -60)
    page = enter(api_url, {"is_logged_in": True, "tokens": {"access": expired}})
    assert "Your sign-in has expired." in texts(page)
    assert [button.label for button in page.button] == ["Sign in again", "Sign out"]


def _served(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    became: list[str] = []
    monkeypatch.setattr(os, "execv", lambda _, arguments: became.extend(arguments))
    serve.serve(settings, "127.0.0.1", 8501)
    return became


def test_the_dashboard_answers_only_under_its_own_names(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    there = settings.replace(dashboard_url="https://blur.example.org")
    arguments = _served(there, monkeypatch)
    assert "--server.address=127.0.0.1" in arguments
    allowed = [each.partition("=")[2] for each in arguments if each.startswith("--server.allowedHosts")]
    assert allowed == ["localhost", "127.0.0.1", "[::1]", "blur.example.org"]
    assert not [each for each in arguments if each.startswith("--secrets")]


def test_streamlit_reads_the_issuer_from_a_private_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    there = settings.replace(
        dashboard_url="https://blur.example.org/",
        oidc_issuer="https://issuer.example",
        oidc_client_id="dashboard",
        oidc_client_secret=SecretStr('a"b'),
        dashboard_cookie_secret=SecretStr("c" * 32),
    )
    (option,) = [each for each in _served(there, monkeypatch) if each.startswith("--secrets.files=")]
    path = Path(option.partition("=")[2])
    assert path.stat().st_mode & 0o777 == 0o600
    assert tomllib.loads(path.read_text())["auth"] == {
        "redirect_uri": "https://blur.example.org/oauth2callback",
        "cookie_secret": "c" * 32,
        "client_id": "dashboard",
        "client_secret": 'a"b',
        "server_metadata_url": "https://issuer.example/.well-known/openid-configuration",
        "expose_tokens": ["access"],
        "client_kwargs": {"scope": "openid profile email", "prompt": []},
    }


def test_an_incomplete_sign_in_configuration_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    half = settings.replace(oidc_client_id="dashboard", oidc_issuer="https://issuer.example")
    with pytest.raises(ConfigurationError, match="BLURLINE_OIDC_CLIENT_SECRET is not"):
        _served(half, monkeypatch)

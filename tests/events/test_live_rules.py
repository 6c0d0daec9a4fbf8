"""Who may listen at the WebSocket, and for how long."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import jwt
import pytest
from fastapi import FastAPI
from websockets.exceptions import InvalidStatus

from api.app import create_app
from blurline.access.tokens import LocalIssuer, Scope
from blurline.settings import Settings
from sql.engine.database import Database
from tests.api_server import serving
from tests.events.live_socket import closed, connected, event, introduced, job_underway, received, settle, token
from tests.waiting import wait_for

WEBSOCKETS_PER_OWNER = 3
PAGE_ORIGIN = "https://newsroom.example"
AWAY_ISSUER = "http://127.0.0.1:9"


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    changes = {
        "prefect_api_url": "http://127.0.0.1:9/api",
        "websockets_per_owner": WEBSOCKETS_PER_OWNER,
        "allowed_origins": (PAGE_ORIGIN,),
        "oidc_issuer": AWAY_ISSUER,
    }
    return create_app(settings.replace(**changes))


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    with serving(app) as url:
        yield url


NO_INTRODUCTIONS: dict[str | bytes, int] = {
    "x.y.z": 4401,
    "": 4401,
    '{"token": "x.y.z"}': 4401,
    '{"token": ': 4400,
    '{"after": 3}': 4400,
    '{"token": "x.y.z", "after": -1}': 4400,
    '{"token": "x.y.z", "before": 1}': 4400,
    b"x.y.z": 4400,
    "x" * 16_385: 1009,
}


def test_a_token_of_any_scope_is_sufficient(url: str, settings: Settings) -> None:
    for scope in Scope:
        with connected(url) as client:
            client.send(LocalIssuer(settings.home).issue("rita", [scope], 60))
            assert received(client)["type"] == "ready"


def test_an_invalid_first_message_ends_the_connection(url: str) -> None:
    for message, code in NO_INTRODUCTIONS.items():
        with connected(url) as client:
            client.send(message)
            assert closed(client) == code, message


def test_a_token_without_a_scope_is_refused(url: str, settings: Settings) -> None:
    with connected(url) as client:
        client.send(LocalIssuer(settings.home).issue("eve", [], 60))
        assert closed(client) == 4403


def test_a_client_that_sends_nothing_is_disconnected(url: str) -> None:
    with connected(url) as client:
        assert closed(client) == 4408


def test_the_connection_ends_with_the_token(url: str, settings: Settings) -> None:
    with connected(url) as client:
        expires_at = datetime.fromisoformat(introduced(client, token(settings, ttl_s=2))["expires_at"])
        assert closed(client) == 4401
        assert datetime.now(UTC) >= expires_at


def test_a_new_token_keeps_the_connection(url: str, settings: Settings, database: Database) -> None:
    _, attempts = job_underway(database, 1)
    with connected(url) as client:
        expires_at = datetime.fromisoformat(introduced(client, token(settings, ttl_s=2))["expires_at"])
        refreshed = introduced(client, token(settings))
        assert refreshed["type"] == "refreshed"
        assert datetime.fromisoformat(refreshed["expires_at"]) > expires_at
        with pytest.raises(TimeoutError):
            client.recv((expires_at - datetime.now(UTC)).total_seconds() + 0.5)
        settle(database, *attempts)
        assert event(client)["type"] == "image.published"


def test_a_new_token_must_belong_to_the_same_user(url: str, settings: Settings) -> None:
    for owner, scopes in (("bob", [Scope.SUBMIT]), ("ann", [])):
        with connected(url) as client:
            introduced(client, token(settings))
            client.send(LocalIssuer(settings.home).issue(owner, scopes, 60))
            assert closed(client) == 4403


def test_too_many_new_tokens_end_the_connection(url: str, settings: Settings) -> None:
    with connected(url) as client:
        introduced(client, token(settings))
        for _ in range(2):
            client.send(token(settings))
        assert json.loads(client.recv(10))["type"] == "refreshed"
        assert closed(client) == 4429


def test_a_bad_new_token_ends_the_connection(url: str, settings: Settings) -> None:
    with connected(url) as client:
        introduced(client, token(settings))
        client.send("x.y.z")
        assert closed(client) == 4401


def test_connections_survive_while_the_issuer_is_unavailable(url: str, settings: Settings, database: Database) -> None:
    unchecked = jwt.encode({"iss": AWAY_ISSUER, "sub": "ann"}, "k" * 32)
    with connected(url) as client:
        client.send(unchecked)
        assert closed(client) == 1013
    _, attempts = job_underway(database, 1)
    with connected(url) as client:
        introduced(client, token(settings))
        client.send(unchecked)
        with pytest.raises(TimeoutError):
            client.recv(0.5)
        settle(database, *attempts)
        assert event(client)["type"] == "image.published"


def test_connections_of_one_user_are_limited(url: str, settings: Settings, app: FastAPI) -> None:
    with ExitStack() as clients:
        for _ in range(WEBSOCKETS_PER_OWNER):
            introduced(clients.enter_context(connected(url)), token(settings))
        one_more, of_bob = (clients.enter_context(connected(url)) for _ in range(2))
        one_more.send(token(settings))
        assert closed(one_more) == 4429
        assert introduced(of_bob, token(settings, "bob"))["type"] == "ready"
        assert app.state.hub.clients == WEBSOCKETS_PER_OWNER + 1
    wait_for("all have left", lambda: app.state.hub.clients == 0)
    with connected(url) as client:
        assert introduced(client, token(settings))["type"] == "ready"


def test_pages_of_allowed_origins_may_connect(url: str, settings: Settings) -> None:
    for origin in (PAGE_ORIGIN, PAGE_ORIGIN.upper(), settings.api.url, url):
        with connected(url, additional_headers={"Origin": origin}) as client:
            assert introduced(client, token(settings))["type"] == "ready"


def test_pages_of_other_origins_may_not_connect(url: str) -> None:
    for origin in ("https://evil.example", f"{PAGE_ORIGIN}.evil.example", "null", ""):
        with pytest.raises(InvalidStatus) as refused:
            connected(url, additional_headers={"Origin": origin})
        response = refused.value.response
        assert response.status_code == 403
        assert json.loads(response.body or b"")["code"] == "origin_not_allowed"


def test_a_stopping_service_announces_it(app: FastAPI, settings: Settings) -> None:
    with serving(app) as url:
        client = connected(url)
        introduced(client, token(settings))
    assert closed(client) == 1012

"""Webhooks as their owners manage them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from api.app import create_app
from blurline.access.tokens import Scope
from blurline.contract import EventType
from blurline.ids import new_id
from blurline.settings import Settings
from sql.engine.database import Database
from sql.events.webhooks import MAX_WEBHOOKS
from tests.api_requests import bearer, problem
from tests.api_server import serving
from tests.events.webhooks.receiver import Receiver, add_webhook, send_test, set_up
from tests.waiting import TIMEOUT_S


def test_webhooks_are_visible_only_to_their_owners(
    client: httpx.Client, allowing: Settings, receiver: Receiver
) -> None:
    webhook = set_up(client, receiver.url)
    path = f"/v1/webhooks/{webhook['id']}"
    assert "secret" not in client.get(path).json()
    assert [each["id"] for each in client.get("/v1/webhooks").json()["webhooks"]] == [webhook["id"]]
    client.headers["Authorization"] = bearer(allowing, "bob", Scope.SUBMIT)
    assert client.get("/v1/webhooks").json() == {"webhooks": []}
    asked: list[Callable[[], httpx.Response]] = [
        lambda: client.get(path),
        lambda: client.patch(path, json={"is_enabled": False}),
        lambda: client.delete(path),
        lambda: client.post(f"{path}/rotate-secret"),
        lambda: client.post(f"{path}/test"),
        lambda: client.get(f"{path}/deliveries"),
        lambda: client.post(f"{path}/deliveries/{new_id()}/redeliver"),
    ]
    for ask in asked:
        problem(ask(), 404, "not_found")
    client.headers["Authorization"] = bearer(allowing, "bob", Scope.REVIEW)
    problem(client.get(path), 403, "missing_scope")
    client.headers["Authorization"] = bearer(allowing, "eve", Scope.SUBMIT, Scope.OPERATE)
    assert client.get(path).json()["id"] == webhook["id"]
    assert client.delete(path).status_code == 204
    problem(client.get(path), 404, "not_found")


def test_a_webhook_can_be_changed(client: httpx.Client, receiver: Receiver) -> None:
    webhook = set_up(client, f"{receiver.url}/old")
    assert webhook["events"] == sorted(EventType)
    path = f"/v1/webhooks/{webhook['id']}"
    changed = client.patch(path, json={"url": f"{receiver.url}/new", "events": ["job.finished"]}).json()
    assert (changed["url"], changed["events"]) == (f"{receiver.url}/new", ["job.finished"])
    assert client.patch(path, json={"is_enabled": False}).json()["events"] == ["job.finished"]
    problem(client.post(f"{path}/test"), 409, "webhook_disabled")
    problem(client.patch(path, json={"url": "https://10.0.0.1/"}), 422, "address_refused")
    problem(client.patch(path, json={"secret": "mine"}), 422, "invalid_request")
    assert client.patch(path, json={"is_enabled": True}).json()["is_enabled"]
    send_test(client, webhook)
    assert receiver.wait_for(1)[0].path == "/new"


def test_the_log_is_paged_newest_first(client: httpx.Client, receiver: Receiver) -> None:
    webhook = set_up(client, receiver.url)
    ids = [send_test(client, webhook)["id"] for _ in range(5)]
    seen: list[str] = []
    path, cursor = f"/v1/webhooks/{webhook['id']}/deliveries", None
    while True:
        page = client.get(path, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [delivery["id"] for delivery in page["deliveries"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]
    other = set_up(client, receiver.url)
    cursor = client.get(path, params={"limit": 2}).json()["next_cursor"]
    problem(client.get(f"/v1/webhooks/{other['id']}/deliveries", params={"cursor": cursor}), 422, "invalid_cursor")


def test_invalid_webhooks_are_refused(client: httpx.Client) -> None:
    for url in ("https://10.0.0.1/", "https://user@example.org/", "https://[::ffff:169.254.169.254]/"):
        problem(client.post("/v1/webhooks", json={"url": url}), 422, "address_refused")
    for body in ({"url": "http://example.org/"}, {"url": "https://example.org/", "events": ["x"]}, {}):
        problem(client.post("/v1/webhooks", json=body), 422, "invalid_request")


def test_webhooks_of_one_owner_are_limited_even_when_created_concurrently(
    client: httpx.Client, database: Database, settings: Settings
) -> None:
    for _ in range(MAX_WEBHOOKS - 1):
        add_webhook(settings, database, "https://example.org/", tests=0)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/webhooks", json={"url": "https://example.org/"}), range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    problem(max(answers, key=lambda answer: answer.status_code), 409, "too_many_webhooks")


def test_no_webhook_is_created_or_sent_when_webhooks_are_off(
    without_prefect: Settings, database: Database, receiver: Receiver
) -> None:
    row = add_webhook(without_prefect, database, receiver.url)
    with serving(create_app(without_prefect)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        client.headers["Authorization"] = bearer(without_prefect, "ann", Scope.SUBMIT)
        for response in (
            client.post("/v1/webhooks", json={"url": receiver.url}),
            client.patch(f"/v1/webhooks/{row.id}", json={"is_enabled": True}),
            client.post(f"/v1/webhooks/{row.id}/test"),
            client.post(f"/v1/webhooks/{row.id}/deliveries/{new_id()}/redeliver"),
        ):
            problem(response, 403, "webhooks_not_allowed")
        assert client.get("/v1/webhooks").json()["webhooks"][0]["id"] == str(row.id)
        assert "webhooks" not in [thread.name for thread in threading.enumerate()]
        assert client.delete(f"/v1/webhooks/{row.id}").status_code == 204
    assert not receiver.messages

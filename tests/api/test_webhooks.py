"""Webhooks, from an event in the database to a real receiver behind TLS on loopback."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import UUID

import httpcore
import httpx
import psycopg
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from api.app import create_app
from api.webhook_sender import RETRIES_S, WebhookSender, pause_s, retry_in_s
from blurline.contract import EventType
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.store import Store
from blurline.tokens import Scope
from sql.database import Database
from sql.deliveries import (
    DeliveryRow,
    Failure,
    claim_delivery,
    list_deliveries,
    queue_test,
    record_failure,
    record_success,
)
from sql.webhooks import MAX_WEBHOOKS, WebhookRow, create_webhook, find_webhook
from tests.acceptance.stack import wait_for
from tests.api.asking import bearer, problem, publish_all, submit
from tests.api.serving import serving
from tests.refused_urls import REFUSED_ADDRESSES
from tests.tls_server import Exchange, tls_server, trusted_authority


@dataclass(frozen=True, slots=True)
class Message:
    """What a receiver was sent."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Takes messages and answers with the next of ``statuses``, or 200."""

    def __init__(self) -> None:
        self.at_once = self.most_at_once = 0
        self.work_s = 0.0
        self._lock = threading.Lock()
        self.messages: list[Message] = []
        self.statuses: list[int] = []
        self.released = threading.Event()
        self.url = ""

    def answer(self, exchange: Exchange) -> None:
        """Take a message. A path with `hang` in it is not answered until ``released``."""
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
        headers = {name.lower(): value for name, value in exchange.headers.items()}
        self.messages.append(Message(exchange.path, headers, exchange.body))
        self.released.wait(30 if "hang" in exchange.path else self.work_s)
        with self._lock:
            self.at_once -= 1
        exchange.reply(self.statuses.pop(0) if self.statuses else 200)

    def wait_for(self, count: int) -> list[Message]:
        """The messages, once there are so many."""
        wait_for(f"{count} messages", lambda: len(self.messages) >= count, 20, 0.02)
        return self.messages


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    receiver = Receiver()
    authority = trusted_authority(tmp_path, monkeypatch)
    with tls_server(authority, receiver.answer) as port:
        receiver.url = f"https://localhost:{port}"
        yield receiver
        receiver.released.set()


@pytest.fixture
def allowing(without_prefect: Settings) -> Settings:
    """Settings with webhooks, also to loopback."""
    return without_prefect.model_copy(
        update={"allow_webhooks": True, "outbound_networks": (ip_network("127.0.0.0/8"),)}
    )


@pytest.fixture
def client(allowing: Settings, receiver: Receiver) -> Iterator[httpx.Client]:
    """ann's client; she may submit. The receiver comes first, for its certificate to be trusted."""
    with serving(create_app(allowing)) as url, httpx.Client(base_url=url, timeout=30) as client:
        client.headers["Authorization"] = bearer(allowing, "ann", Scope.SUBMIT)
        yield client


def _create(client: httpx.Client, url: str, **options: Any) -> dict[str, Any]:
    response = client.post("/v1/webhooks", json={"url": url, **options})
    assert response.status_code == 201, response.text
    webhook: dict[str, Any] = response.json()
    return webhook


def _test(client: httpx.Client, webhook: dict[str, Any]) -> dict[str, Any]:
    response = client.post(f"/v1/webhooks/{webhook['id']}/test")
    assert response.status_code == 202, response.text
    delivery: dict[str, Any] = response.json()
    return delivery


def _settled(client: httpx.Client, webhook: dict[str, Any], tries: int = 1) -> dict[str, Any]:
    """The latest delivery, once it has been tried so often."""

    def ask() -> dict[str, Any] | None:
        delivery: dict[str, Any] = client.get(f"/v1/webhooks/{webhook['id']}/deliveries").json()["deliveries"][0]
        return delivery if delivery["tries"] >= tries else None

    return wait_for(f"{tries} tries", ask, 20, 0.02)


def _look(client: httpx.Client, webhook: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/webhooks/{webhook['id']}").raise_for_status().json()
    return found


def _execute(settings: Settings, statement: str) -> None:
    with psycopg.connect(settings.database, autocommit=True) as connection:
        connection.execute(statement.encode())


def _hurry(settings: Settings) -> None:
    """Make due what waits for another try."""
    _execute(settings, "UPDATE webhook_deliveries SET not_before = now()")
    _execute(settings, "UPDATE webhooks SET busy_until = now()")
    _execute(settings, "NOTIFY blurline_webhooks")


def _webhook(database: Database, url: str, owner: str = "ann", tests: int = 1) -> WebhookRow:
    with database.transaction() as transaction:
        row = create_webhook(transaction, owner, None, url, list(EventType))
    for _ in range(tests):
        queue_test(database, row.id)
    return row


@contextmanager
def _sending(settings: Settings) -> Iterator[WebhookSender]:
    database = Database(settings.database)
    sender = WebhookSender(settings, database)
    sender.start()
    try:
        yield sender
    finally:
        sender.stop()
        database.close()


def test_events_are_told_signed_and_thin(
    client: httpx.Client, receiver: Receiver, database: Database, allowing: Settings, store: Store
) -> None:
    webhook = _create(client, f"{receiver.url}/hook?a=b", events=["image.published", "job.finished"])
    job = submit(client, "a.jpg")
    publish_all(database, allowing, store)
    messages = receiver.wait_for(2)
    told = [Webhook(webhook["secret"]).verify(message.body, message.headers) for message in messages]
    by_type = {message["type"]: message for message in told}
    assert set(by_type) == {"image.published", "job.finished"}
    published = by_type["image.published"]
    assert set(published) == {"type", "timestamp", "data"}
    assert set(published["data"]) == {"job_id", "image_id", "sequence", "faces_found", "error_code"}
    assert published["data"]["job_id"] == job["id"]
    assert messages[0].path == "/hook?a=b"
    assert messages[0].headers["content-type"] == "application/json"
    delivery = _settled(client, webhook)
    assert (delivery["state"], delivery["tries"], delivery["last_status"]) == ("delivered", 1, 200)
    assert delivery["id"] in [message.headers["webhook-id"] for message in messages]


def test_a_webhook_of_a_job_hears_of_that_job_alone(
    client: httpx.Client, receiver: Receiver, database: Database, allowing: Settings, store: Store
) -> None:
    submit(client, "before.jpg")
    job = submit(client, "a.jpg", webhook=f'{{"url": "{receiver.url}/job", "events": ["job.finished"]}}')
    publish_all(database, allowing, store)
    (message,) = receiver.wait_for(1)
    told = Webhook(job["webhook"]["secret"]).verify(message.body, message.headers)
    assert told["data"]["job_id"] == job["id"]
    (listed,) = client.get("/v1/webhooks", params={"job_id": job["id"]}).json()["webhooks"]
    assert listed["id"] == job["webhook"]["id"]
    assert client.get("/v1/webhooks").json() == {"webhooks": []}
    _settled(client, listed)
    assert len(receiver.messages) == 1


def test_what_failed_is_tried_again_as_the_same_message(
    client: httpx.Client, receiver: Receiver, allowing: Settings
) -> None:
    receiver.statuses = [500, 302]
    webhook = _create(client, receiver.url)
    _test(client, webhook)
    delivery = _settled(client, webhook)
    assert (delivery["state"], delivery["last_status"], delivery["last_error"]) == (
        "pending",
        500,
        "The endpoint answered 500.",
    )
    assert delivery["not_before"] > delivery["last_try_at"]
    failing_since = _look(client, webhook)["failing_since"]
    assert failing_since is not None
    _hurry(allowing)
    assert _settled(client, webhook, 2)["last_status"] == 302
    assert _look(client, webhook)["failing_since"] == failing_since
    _hurry(allowing)
    assert _settled(client, webhook, 3)["state"] == "delivered"
    assert _look(client, webhook)["failing_since"] is None
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == 1


def test_retries_end_after_the_last(client: httpx.Client, receiver: Receiver, allowing: Settings) -> None:
    receiver.statuses = [500, 500]
    webhook = _create(client, receiver.url)
    _test(client, webhook)
    _settled(client, webhook)
    _execute(allowing, f"UPDATE webhook_deliveries SET tries = {len(RETRIES_S)}")
    _hurry(allowing)
    assert _settled(client, webhook, len(RETRIES_S) + 1)["state"] == "given_up"


def test_waits_grow_to_a_day_and_pauses_to_minutes() -> None:
    waits = [retry_in_s(tries) for tries in range(len(RETRIES_S))]
    assert all(wait == pytest.approx(given, rel=0.1) for wait, given in zip(waits, RETRIES_S, strict=True))
    assert retry_in_s(len(RETRIES_S)) is None
    assert [pause_s(failures) for failures in (0, 1, 2, 6, 1000)] == [5, 10, 20, 300, 300]


def test_an_endpoint_that_is_gone_is_sent_nothing_more(
    client: httpx.Client, receiver: Receiver, allowing: Settings
) -> None:
    receiver.statuses = [500, 410]
    webhook = _create(client, receiver.url)
    _test(client, webhook)
    _settled(client, webhook)
    _test(client, webhook)
    _hurry(allowing)
    wait_for("disabled", lambda: not _look(client, webhook)["is_enabled"], 20, 0.02)
    assert "410" in _look(client, webhook)["disabled_reason"]
    log = client.get(f"/v1/webhooks/{webhook['id']}/deliveries").json()["deliveries"]
    assert {delivery["state"] for delivery in log} == {"given_up"}
    problem(client.post(f"/v1/webhooks/{webhook['id']}/test"), 409, "webhook_disabled")
    path = f"/v1/webhooks/{webhook['id']}/deliveries/{log[0]['id']}/redeliver"
    problem(client.post(path), 409, "webhook_disabled")
    enabled = client.patch(f"/v1/webhooks/{webhook['id']}", json={"is_enabled": True}).json()
    assert (enabled["is_enabled"], enabled["disabled_reason"], enabled["failing_since"]) == (True, None, None)
    assert client.post(path).status_code == 202
    wait_for("sent again", lambda: len(receiver.messages) == 3, 20, 0.02)


def test_an_endpoint_that_fails_for_days_is_disabled_and_keeps_what_waits(
    client: httpx.Client, receiver: Receiver, allowing: Settings
) -> None:
    receiver.statuses = [500, 500]
    webhook = _create(client, receiver.url)
    _test(client, webhook)
    _settled(client, webhook)
    _execute(allowing, "UPDATE webhooks SET failing_since = now() - interval '6 days'")
    _hurry(allowing)
    assert _settled(client, webhook, 2)["state"] == "pending"
    found = _look(client, webhook)
    assert not found["is_enabled"]
    assert "5 days" in found["disabled_reason"]
    client.patch(f"/v1/webhooks/{webhook['id']}", json={"is_enabled": True}).raise_for_status()
    _hurry(allowing)
    assert _settled(client, webhook, 3)["state"] == "delivered"


def test_while_a_secret_is_rotated_both_sign(client: httpx.Client, receiver: Receiver, allowing: Settings) -> None:
    webhook = _create(client, receiver.url)
    rotated = client.post(f"/v1/webhooks/{webhook['id']}/rotate-secret").raise_for_status().json()
    assert rotated["secret"] != webhook["secret"]
    _test(client, webhook)
    _settled(client, webhook)
    _execute(allowing, "UPDATE webhooks SET previous_secret_until = now()")
    _test(client, webhook)
    during, after = receiver.wait_for(2)
    for secret in (webhook["secret"], rotated["secret"]):
        Webhook(secret).verify(during.body, during.headers)
    Webhook(rotated["secret"]).verify(after.body, after.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook["secret"]).verify(after.body, after.headers)


def test_a_delivered_message_can_be_sent_again(client: httpx.Client, receiver: Receiver) -> None:
    webhook = _create(client, receiver.url)
    delivery = _test(client, webhook)
    assert _settled(client, webhook)["state"] == "delivered"
    path = f"/v1/webhooks/{webhook['id']}/deliveries/{delivery['id']}/redeliver"
    again = client.post(path)
    assert (again.status_code, again.json()["state"], again.json()["tries"]) == (202, "pending", 1)
    assert _settled(client, webhook, 2)["state"] == "delivered"
    first, second = receiver.messages
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    problem(client.post(path.replace(delivery["id"], str(new_id()))), 404, "not_found")
    other = _create(client, receiver.url)
    problem(client.post(path.replace(webhook["id"], other["id"])), 404, "not_found")


def test_the_log_is_paged_newest_first(client: httpx.Client, receiver: Receiver) -> None:
    webhook = _create(client, receiver.url)
    ids = [_test(client, webhook)["id"] for _ in range(5)]
    seen: list[str] = []
    path, cursor = f"/v1/webhooks/{webhook['id']}/deliveries", None
    while True:
        page = client.get(path, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [delivery["id"] for delivery in page["deliveries"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]
    other = _create(client, receiver.url)
    cursor = client.get(path, params={"limit": 2}).json()["next_cursor"]
    problem(client.get(f"/v1/webhooks/{other['id']}/deliveries", params={"cursor": cursor}), 422, "invalid_cursor")


def test_two_senders_take_turns_at_an_endpoint_and_send_once(
    receiver: Receiver, database: Database, allowing: Settings
) -> None:
    receiver.work_s = 0.005
    row = _webhook(database, receiver.url, tests=15)
    with _sending(allowing), _sending(allowing):
        wait_for("all sent", lambda: _states(database, row.id) == {"delivered": 15}, 30, 0.02)
    assert receiver.most_at_once == 1
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == len(receiver.messages) == 15


def test_an_endpoint_that_hangs_does_not_hold_up_others(
    receiver: Receiver, database: Database, allowing: Settings
) -> None:
    hanging = [_webhook(database, f"{receiver.url}/hang/{at}", tests=3) for at in range(4)]
    with _sending(allowing):
        receiver.wait_for(4)
        good = _webhook(database, f"{receiver.url}/good", tests=3)
        wait_for("the good one has its messages", lambda: _states(database, good.id) == {"delivered": 3}, 20, 0.02)
        for row in hanging:
            assert _states(database, row.id) == {"pending": 3}
        receiver.released.set()


def test_endpoints_that_fail_come_after_those_that_do_not(database: Database, receiver: Receiver) -> None:
    bad = _webhook(database, "https://example.org/bad", tests=2)
    claim = claim_delivery(database, 60)
    assert claim is not None
    record_failure(database, claim, Failure(500, "no", retry_in_s=0, pause_s=0), 5, "")
    good = _webhook(database, "https://example.org/good")
    order = [claim_delivery(database, 60), claim_delivery(database, 60), claim_delivery(database, 60)]
    assert [claim.webhook_id if claim else None for claim in order] == [good.id, bad.id, None]


def test_what_a_crashed_sender_was_at_is_sent_again(database: Database, allowing: Settings) -> None:
    row = _webhook(database, "https://example.org/")
    crashed = claim_delivery(database, 60)
    assert crashed is not None
    assert claim_delivery(database, 60) is None, "its lease still runs"
    _execute(allowing, "UPDATE webhooks SET busy_until = now()")
    successor = claim_delivery(database, 60)
    assert successor is not None
    assert successor.delivery_id == crashed.delivery_id
    record_success(database, successor, 204)
    record_failure(database, crashed, Failure(500, "late", 5, 5), 5, "")
    (delivery,) = list_deliveries(database, row.id, 10)
    assert (delivery.state, delivery.last_status) == ("delivered", 204)
    found = find_webhook(database, None, row.id)
    assert found is not None
    assert found.failing_since is None


def test_nothing_is_sent_into_our_own_network(
    database: Database, allowing: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where an endpoint was set up before it led there."""
    connected = threading.Event()
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", lambda *_, **__: connected.set())
    resolve = socket.getaddrinfo

    def look_up(host: str, port: int, *_: Any, flags: int = 0, **__: Any) -> list[Any]:
        if host != "name.test" or flags:
            return list(resolve(host, port, type=socket.SOCK_STREAM, flags=flags))
        return [found for address in ("8.8.8.8", "10.0.0.1") for found in look_up(address, port)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    urls = [*REFUSED_ADDRESSES, "https://name.test/"]
    rows = [_webhook(database, url, owner=f"owner {at}") for at, url in enumerate(urls)]

    def logs() -> list[DeliveryRow]:
        return [delivery for row in rows for delivery in list_deliveries(database, row.id, 1)]

    with _sending(allowing.model_copy(update={"outbound_networks": ()})):
        wait_for("all tried", lambda: all(delivery.tries for delivery in logs()), 20)
    for url, delivery in zip(urls, logs(), strict=True):
        assert "may not be reached" in (delivery.last_error or ""), url
    assert not connected.is_set()


def test_a_restart_of_the_database_loses_nothing(client: httpx.Client, receiver: Receiver, allowing: Settings) -> None:
    webhook = _create(client, receiver.url)
    _test(client, webhook)
    _settled(client, webhook)
    _execute(
        allowing,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    wait_for("the API is back", lambda: client.post(f"/v1/webhooks/{webhook['id']}/test").status_code == 202, 20)
    receiver.wait_for(2)
    assert _settled(client, webhook)["state"] == "delivered"


def test_deleting_a_webhook_does_not_fail_what_it_would_be_told_of(database: Database, allowing: Settings) -> None:
    row = _webhook(database, "https://example.org/", tests=0)
    told = threading.Event()

    def tell() -> None:
        _execute(allowing, f"SELECT add_event('ann', 'job.finished', '{new_id()}', NULL, '{{}}')")
        told.set()

    def is_waiting() -> bool:
        with psycopg.connect(allowing.database) as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%add_event(''ann''%'"
            )
            return found.fetchone() is not None

    with database.transaction() as transaction:
        transaction.run("delete_webhook", webhook_id=row.id)
        teller = threading.Thread(target=tell)
        teller.start()
        wait_for("the event waits for the deletion", is_waiting, 20, 0.02)
    teller.join(20)
    assert told.is_set()


def test_webhooks_are_their_owners(client: httpx.Client, allowing: Settings, receiver: Receiver) -> None:
    webhook = _create(client, receiver.url)
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
    webhook = _create(client, f"{receiver.url}/old")
    assert webhook["events"] == sorted(EventType)
    path = f"/v1/webhooks/{webhook['id']}"
    changed = client.patch(path, json={"url": f"{receiver.url}/new", "events": ["job.finished"]}).json()
    assert (changed["url"], changed["events"]) == (f"{receiver.url}/new", ["job.finished"])
    assert client.patch(path, json={"is_enabled": False}).json()["events"] == ["job.finished"]
    problem(client.post(f"{path}/test"), 409, "webhook_disabled")
    problem(client.patch(path, json={"url": "https://10.0.0.1/"}), 422, "address_refused")
    problem(client.patch(path, json={"secret": "mine"}), 422, "invalid_request")
    assert client.patch(path, json={"is_enabled": True}).json()["is_enabled"]
    _test(client, webhook)
    assert receiver.wait_for(1)[0].path == "/new"


def test_what_cannot_be_set_up_is_refused(client: httpx.Client) -> None:
    for url in ("https://10.0.0.1/", "https://user@example.org/", "https://[::ffff:169.254.169.254]/"):
        problem(client.post("/v1/webhooks", json={"url": url}), 422, "address_refused")
    for body in ({"url": "http://example.org/"}, {"url": "https://example.org/", "events": ["x"]}, {}):
        problem(client.post("/v1/webhooks", json=body), 422, "invalid_request")


def test_an_owner_has_so_many_webhooks_however_many_ask_at_once(client: httpx.Client, database: Database) -> None:
    for _ in range(MAX_WEBHOOKS - 1):
        _webhook(database, "https://example.org/", tests=0)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/webhooks", json={"url": "https://example.org/"}), range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    problem(max(answers, key=lambda answer: answer.status_code), 409, "too_many_webhooks")


def test_where_webhooks_are_off_none_is_set_up_or_sent(
    without_prefect: Settings, database: Database, receiver: Receiver
) -> None:
    row = _webhook(database, receiver.url)
    with serving(create_app(without_prefect)) as url, httpx.Client(base_url=url) as client:
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


def _states(database: Database, webhook_id: UUID) -> dict[str, int]:
    return dict(Counter(delivery.state for delivery in list_deliveries(database, webhook_id, 100)))

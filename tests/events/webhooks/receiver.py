"""A receiver of webhooks behind TLS on loopback, and steps that tests of webhooks share."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg

from api.background.webhook_sender import WebhookSender
from blurline.contract import EventType
from blurline.settings import Settings
from sql.engine.channels import Channel
from sql.engine.database import Database
from sql.events.deliveries import list_deliveries, queue_test
from sql.events.webhook_secrets import WebhookSecrets
from sql.events.webhooks import WebhookRow, create_webhook
from tests.clock import age
from tests.tls_server import Exchange
from tests.waiting import wait_for


@dataclass(frozen=True, slots=True)
class Message:
    """A message that a receiver got."""

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
        """Wait for this many messages; the messages."""
        wait_for(f"{count} messages", lambda: len(self.messages) >= count, every_s=0.02)
        return self.messages


def set_up(client: httpx.Client, url: str, **options: Any) -> dict[str, Any]:
    response = client.post("/v1/webhooks", json={"url": url, **options})
    assert response.status_code == 201, response.text
    webhook: dict[str, Any] = response.json()
    return webhook


def send_test(client: httpx.Client, webhook: dict[str, Any]) -> dict[str, Any]:
    response = client.post(f"/v1/webhooks/{webhook['id']}/test")
    assert response.status_code == 202, response.text
    delivery: dict[str, Any] = response.json()
    return delivery


def tried(client: httpx.Client, webhook: dict[str, Any], tries: int = 1) -> dict[str, Any]:
    """Wait until the latest delivery has this many tries; the delivery."""

    def ask() -> dict[str, Any] | None:
        delivery: dict[str, Any] = client.get(f"/v1/webhooks/{webhook['id']}/deliveries").json()["deliveries"][0]
        return delivery if delivery["tries"] >= tries else None

    return wait_for(f"{tries} tries", ask, every_s=0.02)


def look(client: httpx.Client, webhook: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/webhooks/{webhook['id']}").raise_for_status().json()
    return found


def execute(settings: Settings, statement: str) -> None:
    with psycopg.connect(settings.database.conninfo, autocommit=True) as connection:
        connection.execute(statement.encode())


def pass_an_hour(settings: Settings) -> None:
    """Age webhooks and deliveries by an hour, so that the first retries are due, and wake the senders."""
    for table in ("webhooks", "webhook_deliveries"):
        age(settings.database.conninfo, table, timedelta(hours=1))
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("SELECT pg_notify(%s, '')", (Channel.WEBHOOKS,))


def add_webhook(settings: Settings, database: Database, url: str, owner: str = "ann", tests: int = 1) -> WebhookRow:
    with database.transaction() as transaction:
        row = create_webhook(transaction, WebhookSecrets(settings.home), owner, None, url, list(EventType))
    for _ in range(tests):
        queue_test(database, row.id)
    return row


@contextmanager
def sending(settings: Settings) -> Iterator[WebhookSender]:
    database = Database(settings.database.conninfo)
    sender = WebhookSender(settings, database)
    sender.start()
    try:
        yield sender
    finally:
        sender.stop()
        sender.join()
        database.close()


def states(database: Database, webhook_id: UUID) -> dict[str, int]:
    return dict(Counter(delivery.state for delivery in list_deliveries(database, webhook_id, 100)))

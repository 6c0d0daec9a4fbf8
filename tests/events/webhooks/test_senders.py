"""Several senders, failing and hanging endpoints, crashes, and forbidden addresses."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta
from typing import Any

import httpcore
import httpx
import psycopg
import pytest

from blurline.ids import new_id
from blurline.settings import Settings
from sql.engine.database import Database
from sql.events.deliveries import (
    DeliveryFailure,
    DeliveryRow,
    claim_delivery,
    list_deliveries,
    queue_test,
    record_failure,
    record_success,
    redeliver,
)
from sql.events.webhooks import find_webhook
from tests.clock import age
from tests.events.webhooks.receiver import Receiver, add_webhook, execute, send_test, sending, set_up, states, tried
from tests.refused_urls import REFUSED_ADDRESSES
from tests.waiting import wait_for


def test_two_senders_take_turns_at_an_endpoint_and_send_once(
    receiver: Receiver, database: Database, allowing: Settings
) -> None:
    receiver.work_s = 0.005
    row = add_webhook(allowing, database, receiver.url, tests=15)
    with sending(allowing), sending(allowing):
        wait_for("all sent", lambda: states(database, row.id) == {"delivered": 15}, every_s=0.02)
    assert receiver.most_at_once == 1
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == len(receiver.messages) == 15


def test_a_hanging_endpoint_does_not_delay_others(receiver: Receiver, database: Database, allowing: Settings) -> None:
    hanging = [add_webhook(allowing, database, f"{receiver.url}/hang/{at}", tests=3) for at in range(4)]
    with sending(allowing):
        receiver.wait_for(4)
        good = add_webhook(allowing, database, f"{receiver.url}/good", tests=3)
        wait_for("the good one has its messages", lambda: states(database, good.id) == {"delivered": 3}, every_s=0.02)
        for row in hanging:
            assert states(database, row.id) == {"pending": 3}
        receiver.released.set()


def test_failing_endpoints_come_after_healthy_ones(database: Database, receiver: Receiver, settings: Settings) -> None:
    bad = add_webhook(settings, database, "https://example.org/bad", tests=2)
    claim = claim_delivery(database, 60)
    assert claim is not None
    record_failure(database, claim, DeliveryFailure(500, "no", retry_in_s=0, pause_s=0), 5, "")
    good = add_webhook(settings, database, "https://example.org/good")
    order = [claim_delivery(database, 60), claim_delivery(database, 60), claim_delivery(database, 60)]
    assert [claim.webhook_id if claim else None for claim in order] == [good.id, bad.id, None]


def test_the_delivery_of_a_crashed_sender_is_sent_again(database: Database, allowing: Settings) -> None:
    row = add_webhook(allowing, database, "https://example.org/")
    crashed = claim_delivery(database, 60)
    assert crashed is not None
    assert claim_delivery(database, 60) is None, "its lease still runs"
    age(allowing.database.conninfo, "webhooks", timedelta(hours=1))
    successor = claim_delivery(database, 60)
    assert successor is not None
    assert successor.delivery_id == crashed.delivery_id
    record_success(database, successor, 204)
    record_failure(database, crashed, DeliveryFailure(500, "late", 5, 5), 5, "")
    (delivery,) = list_deliveries(database, row.id, 10)
    assert (delivery.state, delivery.last_status) == ("delivered", 204)
    found = find_webhook(database, None, row.id)
    assert found is not None
    assert found.failing_since is None


def test_nothing_is_sent_to_private_addresses(
    database: Database, allowing: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the endpoint was created before its name led to a private address."""
    connected = threading.Event()
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", lambda *_, **__: connected.set())
    resolve = socket.getaddrinfo

    def look_up(host: str, port: int, *_: Any, flags: int = 0, **__: Any) -> list[Any]:
        if host != "name.test" or flags:
            return list(resolve(host, port, type=socket.SOCK_STREAM, flags=flags))
        return [found for address in ("8.8.8.8", "10.0.0.1") for found in look_up(address, port)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    urls = [*REFUSED_ADDRESSES, "https://name.test/"]
    rows = [add_webhook(allowing, database, url, owner=f"owner {at}") for at, url in enumerate(urls)]

    def logs() -> list[DeliveryRow]:
        return [delivery for row in rows for delivery in list_deliveries(database, row.id, 1)]

    with sending(allowing.replace(outbound_networks=())):
        wait_for("all tried", lambda: all(delivery.tries for delivery in logs()))
    for url, delivery in zip(urls, logs(), strict=True):
        assert "not allowed" in (delivery.last_error or ""), url
    assert not connected.is_set()


def test_a_restart_of_the_database_loses_nothing(client: httpx.Client, receiver: Receiver, allowing: Settings) -> None:
    webhook = set_up(client, receiver.url)
    send_test(client, webhook)
    tried(client, webhook)
    execute(
        allowing,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    wait_for("the API is back", lambda: client.post(f"/v1/webhooks/{webhook['id']}/test").status_code == 202)
    receiver.wait_for(2)
    assert tried(client, webhook)["state"] == "delivered"


def test_deleting_a_webhook_does_not_fail_a_concurrent_event(database: Database, allowing: Settings) -> None:
    row = add_webhook(allowing, database, "https://example.org/", tests=0)
    told = threading.Event()

    def tell() -> None:
        execute(allowing, f"SELECT add_event('ann', 'job.finished', '{new_id()}', NULL, '{{}}')")
        told.set()

    def is_waiting() -> bool:
        with psycopg.connect(allowing.database.conninfo) as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%add_event(''ann''%'"
            )
            return found.fetchone() is not None

    with database.transaction() as transaction:
        transaction.run("delete_webhook", webhook_id=row.id)
        teller = threading.Thread(target=tell)
        teller.start()
        wait_for("the event waits for the deletion", is_waiting, every_s=0.02)
    teller.join(20)
    assert told.is_set()


def test_no_owner_can_occupy_all_senders(database: Database, receiver: Receiver, settings: Settings) -> None:
    for _ in range(10):
        add_webhook(settings, database, receiver.url, owner="mallory")
    mine = add_webhook(settings, database, receiver.url, owner="ann")
    claims = [claim_delivery(database, 60) for _ in range(6)]
    claimed = [claim.webhook_id for claim in claims if claim is not None]
    assert mine.id in claimed
    assert len(claimed) == 5


def test_a_requested_delivery_is_sent_at_once_despite_a_pause(
    database: Database, receiver: Receiver, settings: Settings
) -> None:
    row = add_webhook(settings, database, receiver.url)
    claim = claim_delivery(database, 60)
    assert claim is not None
    record_failure(database, claim, DeliveryFailure(500, "down", 300, 300), 5, "stopped")
    assert claim_delivery(database, 60) is None
    redelivered = redeliver(database, row.id, claim.delivery_id)
    assert redelivered is not None
    again = claim_delivery(database, 60)
    assert again is not None and again.delivery_id == claim.delivery_id
    record_failure(database, again, DeliveryFailure(500, "down", 300, 300), 5, "stopped")
    queue_test(database, row.id)
    assert claim_delivery(database, 60) is not None

"""The messages to a receiver: contents, retries and their end."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from api.background.webhook_sender import RETRIES_S, pause_s, retry_in_s
from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from tests.api_requests import problem, publish_all, submit
from tests.clock import age
from tests.events.webhooks.receiver import Receiver, execute, look, pass_an_hour, send_test, set_up, tried
from tests.waiting import wait_for


def test_events_are_sent_signed_and_with_minimal_data(
    client: httpx.Client, receiver: Receiver, database: Database, allowing: Settings, store: Store
) -> None:
    webhook = set_up(client, f"{receiver.url}/hook?a=b", events=["image.published", "job.finished"])
    job = submit(client, "a.jpg")
    publish_all(database, allowing, store)
    messages = receiver.wait_for(2)
    told = [Webhook(webhook["secret"]).verify(message.body, message.headers) for message in messages]
    by_type = {message["type"]: message for message in told}
    assert set(by_type) == {"image.published", "job.finished"}
    published = by_type["image.published"]
    assert set(published) == {"type", "timestamp", "data"}
    assert set(published["data"]) == {"job_id", "image_id", "sequence", "faces_found", "error_code", "notes"}
    assert published["data"]["job_id"] == job["id"]
    assert messages[0].path == "/hook?a=b"
    assert messages[0].headers["content-type"] == "application/json"
    delivery = tried(client, webhook)
    assert (delivery["state"], delivery["tries"], delivery["last_status"]) == ("delivered", 1, 200)
    assert delivery["id"] in [message.headers["webhook-id"] for message in messages]


def test_a_webhook_of_a_job_receives_only_events_of_that_job(
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
    tried(client, listed)
    assert len(receiver.messages) == 1


def test_a_failed_delivery_is_retried_as_the_same_message(
    client: httpx.Client, receiver: Receiver, allowing: Settings
) -> None:
    receiver.statuses = [500, 302]
    webhook = set_up(client, receiver.url)
    send_test(client, webhook)
    delivery = tried(client, webhook)
    assert (delivery["state"], delivery["last_status"], delivery["last_error"]) == (
        "pending",
        500,
        "The endpoint answered 500.",
    )
    assert delivery["not_before"] > delivery["last_try_at"]
    failing_since = datetime.fromisoformat(look(client, webhook)["failing_since"])
    pass_an_hour(allowing)
    assert tried(client, webhook, 2)["last_status"] == 302
    assert datetime.fromisoformat(look(client, webhook)["failing_since"]) == failing_since - timedelta(hours=1)
    pass_an_hour(allowing)
    assert tried(client, webhook, 3)["state"] == "delivered"
    assert look(client, webhook)["failing_since"] is None
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == 1


def test_retries_end_after_the_last(client: httpx.Client, receiver: Receiver, allowing: Settings) -> None:
    receiver.statuses = [500, 500]
    webhook = set_up(client, receiver.url)
    send_test(client, webhook)
    tried(client, webhook)
    execute(allowing, f"UPDATE webhook_deliveries SET tries = {len(RETRIES_S)}")
    pass_an_hour(allowing)
    assert tried(client, webhook, len(RETRIES_S) + 1)["state"] == "given_up"


def test_waits_grow_to_a_day_and_pauses_to_minutes() -> None:
    waits = [retry_in_s(tries) for tries in range(len(RETRIES_S))]
    assert all(wait == pytest.approx(given, rel=0.1) for wait, given in zip(waits, RETRIES_S, strict=True))
    assert retry_in_s(len(RETRIES_S)) is None
    assert [pause_s(failures) for failures in (0, 1, 2, 6, 1000)] == [5, 10, 20, 300, 300]


def test_an_endpoint_that_answers_410_is_disabled(client: httpx.Client, receiver: Receiver) -> None:
    receiver.statuses = [500, 410]
    webhook = set_up(client, receiver.url)
    send_test(client, webhook)
    tried(client, webhook)
    send_test(client, webhook)
    wait_for("disabled", lambda: not look(client, webhook)["is_enabled"], every_s=0.02)
    assert "410" in look(client, webhook)["disabled_reason"]
    log = client.get(f"/v1/webhooks/{webhook['id']}/deliveries").json()["deliveries"]
    assert {delivery["state"] for delivery in log} == {"given_up"}
    problem(client.post(f"/v1/webhooks/{webhook['id']}/test"), 409, "webhook_disabled")
    path = f"/v1/webhooks/{webhook['id']}/deliveries/{log[0]['id']}/redeliver"
    problem(client.post(path), 409, "webhook_disabled")
    enabled = client.patch(f"/v1/webhooks/{webhook['id']}", json={"is_enabled": True}).json()
    assert (enabled["is_enabled"], enabled["disabled_reason"], enabled["failing_since"]) == (True, None, None)
    assert client.post(path).status_code == 202
    wait_for("sent again", lambda: len(receiver.messages) == 3, every_s=0.02)


def test_an_endpoint_that_fails_for_days_is_disabled_and_keeps_its_pending_deliveries(
    client: httpx.Client, receiver: Receiver, allowing: Settings
) -> None:
    receiver.statuses = [500, 500]
    webhook = set_up(client, receiver.url)
    send_test(client, webhook)
    tried(client, webhook)
    age(allowing.database.conninfo, "webhooks", timedelta(days=6))
    pass_an_hour(allowing)
    assert tried(client, webhook, 2)["state"] == "pending"
    found = look(client, webhook)
    assert not found["is_enabled"]
    assert "5 days" in found["disabled_reason"]
    client.patch(f"/v1/webhooks/{webhook['id']}", json={"is_enabled": True}).raise_for_status()
    pass_an_hour(allowing)
    assert tried(client, webhook, 3)["state"] == "delivered"


def test_both_secrets_sign_during_a_rotation(client: httpx.Client, receiver: Receiver, allowing: Settings) -> None:
    webhook = set_up(client, receiver.url)
    rotated = client.post(f"/v1/webhooks/{webhook['id']}/rotate-secret").raise_for_status().json()
    assert rotated["secret"] != webhook["secret"]
    send_test(client, webhook)
    tried(client, webhook)
    age(allowing.database.conninfo, "webhooks", timedelta(days=2))
    send_test(client, webhook)
    during, after = receiver.wait_for(2)
    for secret in (webhook["secret"], rotated["secret"]):
        Webhook(secret).verify(during.body, during.headers)
    Webhook(rotated["secret"]).verify(after.body, after.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook["secret"]).verify(after.body, after.headers)


def test_a_delivered_message_can_be_sent_again(client: httpx.Client, receiver: Receiver) -> None:
    webhook = set_up(client, receiver.url)
    delivery = send_test(client, webhook)
    assert tried(client, webhook)["state"] == "delivered"
    path = f"/v1/webhooks/{webhook['id']}/deliveries/{delivery['id']}/redeliver"
    again = client.post(path)
    assert (again.status_code, again.json()["state"], again.json()["tries"]) == (202, "pending", 1)
    assert tried(client, webhook, 2)["state"] == "delivered"
    first, second = receiver.messages
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    problem(client.post(path.replace(delivery["id"], str(new_id()))), 404, "not_found")
    other = set_up(client, receiver.url)
    problem(client.post(path.replace(webhook["id"], other["id"])), 404, "not_found")

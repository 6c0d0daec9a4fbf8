"""The signing secrets of webhooks at rest: encrypted with the installation's key."""

from __future__ import annotations

from pathlib import Path

import httpx
import psycopg
from standardwebhooks import Webhook

from blurline.contract.audit import AUDIT_KEY_FILE
from blurline.settings import Settings
from deployments.doctor import database as doctor
from deployments.doctor.result import Finding, Severity
from sql.engine.database import Database
from sql.events.webhook_secrets import WebhookSecrets, encrypt_stored_secrets
from tests.api_requests import submit
from tests.events.webhooks.receiver import Receiver, execute, send_test, set_up, tried


def _stored(settings: Settings) -> str:
    """Everything that the database has in its tables of webhooks and idempotency keys, as text."""
    with psycopg.connect(settings.database.conninfo) as connection:
        rows = connection.execute("SELECT w::text FROM webhooks w UNION ALL SELECT i::text FROM idempotency_keys i")
        return "\n".join(row[0] for row in rows)


def test_no_table_has_a_secret_in_clear(client: httpx.Client, receiver: Receiver, allowing: Settings) -> None:
    webhook = set_up(client, receiver.url)
    client.headers["Idempotency-Key"] = "once"
    jobs = [submit(client, "a.jpg", webhook=f'{{"url": "{receiver.url}/job"}}') for _ in range(2)]
    del client.headers["Idempotency-Key"]
    assert jobs[0]["webhook"]["secret"] == jobs[1]["webhook"]["secret"]
    rotated = client.post(f"/v1/webhooks/{webhook['id']}/rotate-secret").raise_for_status().json()
    shown = [webhook["secret"], rotated["secret"], jobs[0]["webhook"]["secret"]]
    assert all(secret.startswith("whsec_") for secret in shown)
    stored = _stored(allowing)
    assert "whsec_" not in stored
    assert not [secret for secret in shown if secret.removeprefix("whsec_") in stored]


def test_secrets_of_older_releases_are_encrypted_and_still_sign(
    client: httpx.Client, receiver: Receiver, allowing: Settings, database: Database
) -> None:
    webhook, secrets = set_up(client, receiver.url), WebhookSecrets(allowing.home)
    execute(allowing, f"UPDATE webhooks SET secret = '{webhook['secret']}', previous_secret = '{webhook['secret']}'")
    assert encrypt_stored_secrets(database, secrets) == 1
    assert encrypt_stored_secrets(database, secrets) == 0
    assert "whsec_" not in _stored(allowing)
    send_test(client, webhook)
    (message,) = receiver.wait_for(1)
    Webhook(webhook["secret"]).verify(message.body, message.headers)


def test_a_lost_key_is_reported_and_ends_with_a_rotation(
    client: httpx.Client, receiver: Receiver, allowing: Settings, tmp_path: Path
) -> None:
    webhook = set_up(client, receiver.url)
    WebhookSecrets(allowing.home)  # the audit key exists
    assert _finding(allowing).severity is Severity.OK
    with_another_key = WebhookSecrets(tmp_path / "other").encrypt(webhook["secret"])
    execute(allowing, f"UPDATE webhooks SET secret = '{with_another_key}'")
    found = _finding(allowing)
    assert found.severity is Severity.ERROR and "1 webhooks" in found.says and AUDIT_KEY_FILE in str(found.remedy)
    send_test(client, webhook)
    assert "Rotate the secret" in tried(client, webhook)["last_error"]
    assert receiver.messages == []

    rotated = client.post(f"/v1/webhooks/{webhook['id']}/rotate-secret").raise_for_status().json()
    send_test(client, webhook)
    (message,) = receiver.wait_for(1)
    Webhook(rotated["secret"]).verify(message.body, message.headers)
    assert _finding(allowing).severity is Severity.OK


def _finding(settings: Settings) -> Finding:
    return next(each for each in doctor.database(settings) if each.name == "database.webhooks")

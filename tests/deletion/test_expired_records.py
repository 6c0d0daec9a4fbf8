"""Records that expire: events, deliveries, idempotency keys."""

from __future__ import annotations

from datetime import timedelta

import psycopg

from blurline.ids import new_id
from blurline.settings import Settings
from sql.deletion.expired_records import expire_records
from sql.engine.database import Database
from sql.events.webhook_secrets import WebhookSecrets
from sql.events.webhooks import create_webhook
from sql.jobs.idempotency import claim
from tests.clock import age


def test_old_records_expire_and_pending_deliveries_stay(database: Database, settings: Settings) -> None:
    with database.transaction() as transaction:
        secrets = WebhookSecrets(settings.home)
        enabled, disabled = (
            create_webhook(transaction, secrets, "ann", None, "https://a.example", ["test"]) for _ in "12"
        )
    claim(database, "ann", "old", "f", 24)
    claim(database, "ann", "new", "f", 24)
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("UPDATE webhooks SET is_enabled = false WHERE id = %s", (disabled.id,))
        for name, webhook, state in [
            ("kept: to be sent", enabled, "pending"),
            ("settled", enabled, "delivered"),
            ("given up", enabled, "given_up"),
            ("never to be sent", disabled, "pending"),
        ]:
            connection.execute(
                "INSERT INTO webhook_deliveries (webhook_id, type, payload, state) VALUES (%s, %s, '{}', %s)",
                (webhook.id, name, state),
            )
        for sequence in (1, 2):
            connection.execute(
                "INSERT INTO events (owner, sequence, type, job_id, data) VALUES ('ann', %s, 'job.finished', %s, '{}')",
                (sequence, new_id()),
            )
    age(settings.database.conninfo, "idempotency_keys", timedelta(hours=25), "key = 'old'")
    age(settings.database.conninfo, "webhook_deliveries", timedelta(days=8))
    age(settings.database.conninfo, "events", timedelta(days=8), "sequence = 1")
    age(settings.database.conninfo, "events", timedelta(days=6), "sequence = 2")
    assert expire_records(database, settings) == 5
    with psycopg.connect(settings.database.conninfo) as connection:
        assert connection.execute("SELECT type FROM webhook_deliveries").fetchall() == [("kept: to be sent",)]
        assert connection.execute("SELECT sequence FROM events").fetchall() == [(2,)]
        assert connection.execute("SELECT key FROM idempotency_keys").fetchall() == [("new",)]
    assert expire_records(database, settings) == 0

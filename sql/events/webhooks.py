"""Webhooks: endpoints that receive an owner's events. An ``owner`` of None manages every owner's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from blurline.errors import PermanentError
from blurline.ids import new_id
from blurline.outbound.webhook_signature import new_secret
from sql.engine.database import Database, Row, Transaction
from sql.events.webhook_secrets import WebhookSecrets

MAX_WEBHOOKS = 20
"""The limit for one owner, without webhooks for a single job."""

_OVERLAP_S = 24 * 60 * 60


class TooManyWebhooks(PermanentError):
    """The owner has reached the limit of webhooks."""

    code = "too_many_webhooks"


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook, with columns of the table ``webhooks``; ``secret`` is encrypted unless the function says otherwise."""

    id: UUID
    owner: str
    job_id: UUID | None
    url: str
    events: list[str]
    secret: str = field(repr=False)
    is_enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    created_at: datetime


def create_webhook(
    transaction: Transaction, secrets: WebhookSecrets, owner: str, job_id: UUID | None, url: str, events: Sequence[str]
) -> WebhookRow:
    """Create a webhook for one job, or for all. The returned row has its secret decrypted.

    Raises TooManyWebhooks if the owner has `MAX_WEBHOOKS` for all.
    """
    if job_id is None:
        transaction.one("lock_webhooks_of_owner", owner=owner)
        counted = transaction.one("count_webhooks", owner=owner)
        if counted is not None and counted["webhooks"] >= MAX_WEBHOOKS:
            raise TooManyWebhooks(f"You have reached the limit of {MAX_WEBHOOKS} webhooks. Delete one first.")
    secret = new_secret()
    row = transaction.one(
        "insert_webhook",
        id=new_id(),
        owner=owner,
        job_id=job_id,
        url=url,
        events=sorted(set(events)),
        secret=secrets.encrypt(secret),
    )
    assert row is not None
    return replace(_webhook(row), secret=secret)


def list_webhooks(database: Database, owner: str, job_id: UUID | None = None) -> list[WebhookRow]:
    """The owner's webhooks for all jobs, or those for one, oldest first."""
    with database.transaction() as transaction:
        return [_webhook(row) for row in transaction.all("webhooks", owner=owner, job_id=job_id)]


def find_webhook(database: Database, owner: str | None, webhook_id: UUID) -> WebhookRow | None:
    """The webhook, if it belongs to the owner."""
    with database.transaction() as transaction:
        row = transaction.one("webhook", owner=owner, webhook_id=webhook_id)
    return _webhook(row) if row else None


def change_webhook(
    database: Database,
    webhook_id: UUID,
    url: str | None = None,
    events: Sequence[str] | None = None,
    is_enabled: bool | None = None,
) -> WebhookRow | None:
    """Change the fields that are not None. Return the webhook, or None if it no longer exists."""
    with database.transaction() as transaction:
        row = transaction.one(
            "change_webhook",
            webhook_id=webhook_id,
            url=url,
            events=sorted(set(events)) if events is not None else None,
            is_enabled=is_enabled,
        )
    return _webhook(row) if row else None


def delete_webhook(database: Database, webhook_id: UUID) -> None:
    """Delete the webhook with its pending deliveries and its log."""
    with database.transaction() as transaction:
        transaction.run("delete_webhook", webhook_id=webhook_id)


def rotate_secret(database: Database, secrets: WebhookSecrets, webhook_id: UUID) -> WebhookRow | None:
    """Give the webhook a new secret, which the row has decrypted; the old one also signs for a day.

    None if the webhook no longer exists.
    """
    secret = new_secret()
    with database.transaction() as transaction:
        encrypted = secrets.encrypt(secret)
        row = transaction.one("rotate_secret", webhook_id=webhook_id, secret=encrypted, overlap_s=_OVERLAP_S)
    return replace(_webhook(row), secret=secret) if row else None


def _webhook(row: Row) -> WebhookRow:
    return WebhookRow(**{name: row[name] for name in WebhookRow.__slots__})

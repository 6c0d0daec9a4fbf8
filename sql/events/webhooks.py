"""Webhooks: where an owner wants to be told of what happens. An ``owner`` of None manages everyone's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from blurline.errors import PermanentError
from blurline.ids import new_id
from blurline.outbound.webhook_signature import new_secret
from sql.engine.database import Database, Row, Transaction

MAX_WEBHOOKS = 20
"""Of one owner, those for a single job not counted."""

_OVERLAP_S = 24 * 60 * 60


class TooManyWebhooks(PermanentError):
    """The owner has as many webhooks as one may have."""

    code = "too_many_webhooks"


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook; the columns are those of the table ``webhooks``."""

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
    transaction: Transaction, owner: str, job_id: UUID | None, url: str, events: Sequence[str]
) -> WebhookRow:
    """A new webhook, for one job or for all. Raises TooManyWebhooks where the owner has `MAX_WEBHOOKS` for all."""
    if job_id is None:
        transaction.one("lock_webhooks_of_owner", owner=owner)
        counted = transaction.one("count_webhooks", owner=owner)
        if counted is not None and counted["webhooks"] >= MAX_WEBHOOKS:
            raise TooManyWebhooks(f"You have {MAX_WEBHOOKS} webhooks, the most there can be. Delete one first.")
    row = transaction.one(
        "insert_webhook",
        id=new_id(),
        owner=owner,
        job_id=job_id,
        url=url,
        events=sorted(set(events)),
        secret=new_secret(),
    )
    assert row is not None
    return _webhook(row)


def list_webhooks(database: Database, owner: str, job_id: UUID | None = None) -> list[WebhookRow]:
    """The owner's webhooks for all jobs, or those for one, oldest first."""
    with database.transaction() as transaction:
        return [_webhook(row) for row in transaction.all("webhooks", owner=owner, job_id=job_id)]


def find_webhook(database: Database, owner: str | None, webhook_id: UUID) -> WebhookRow | None:
    """The webhook, if the owner may manage it."""
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
    """The webhook with what is not None changed; None when there is no such webhook any more."""
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
    """Delete the webhook, what it is still to be sent, and its log."""
    with database.transaction() as transaction:
        transaction.run("delete_webhook", webhook_id=webhook_id)


def rotate_secret(database: Database, webhook_id: UUID) -> WebhookRow | None:
    """The webhook with a new secret, beside which the old one signs for a day; None when it is there no more."""
    with database.transaction() as transaction:
        row = transaction.one("rotate_secret", webhook_id=webhook_id, secret=new_secret(), overlap_s=_OVERLAP_S)
    return _webhook(row) if row else None


def _webhook(row: Row) -> WebhookRow:
    return WebhookRow(**{name: row[name] for name in WebhookRow.__slots__})

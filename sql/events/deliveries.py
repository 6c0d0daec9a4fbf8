"""Deliveries of webhooks: their log, and the claims of those who send them.

A sender claims one delivery and with it the endpoint, until it has recorded what became of it or until its lease has
run out. So an endpoint has one sender at a time, and what a crashed sender was at is sent again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sql.engine.database import Database, Row, Transaction

_SENDERS_AN_OWNER = 4

State = Literal["pending", "delivered", "given_up"]


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A message and what became of it; the columns are those of the table ``webhook_deliveries``."""

    id: UUID
    sequence: int
    type: str
    payload: dict[str, Any]
    state: State
    tries: int
    not_before: datetime
    last_status: int | None
    last_error: str | None
    last_try_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is to be sent now, and its endpoint, which nobody else sends to until ``leased_until``."""

    webhook_id: UUID
    leased_until: datetime
    url: str
    failures_in_a_row: int
    secret: str = field(repr=False)
    previous_secret: str | None = field(repr=False)
    delivery_id: UUID
    payload: dict[str, Any]
    tries: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a try came to nothing, and what is to follow: ``retry_in_s`` of None gives the delivery up."""

    status: int | None
    error: str
    retry_in_s: float | None
    pause_s: float


def list_deliveries(database: Database, webhook_id: UUID, limit: int, before: int | None = None) -> list[DeliveryRow]:
    """Newest first, those older than the one of the sequence ``before``."""
    with database.transaction() as transaction:
        rows = transaction.all("deliveries", webhook_id=webhook_id, before=before, limit=limit)
    return [_delivery(row) for row in rows]


def queue_test(database: Database, webhook_id: UUID) -> DeliveryRow | None:
    """A message of the type `test`, to be sent now; None when there is no such webhook."""
    with database.transaction() as transaction:
        transaction.run("end_pause", webhook_id=webhook_id)
        row = transaction.one("insert_test_delivery", webhook_id=webhook_id)
        transaction.one("notify_webhooks")
    return _delivery(row) if row else None


def redeliver(database: Database, webhook_id: UUID, delivery_id: UUID) -> DeliveryRow | None:
    """The delivery, which is to be sent now whatever its state was; None when there is no such delivery."""
    with database.transaction() as transaction:
        transaction.run("end_pause", webhook_id=webhook_id)
        row = transaction.one("redeliver", webhook_id=webhook_id, delivery_id=delivery_id)
        transaction.one("notify_webhooks")
    return _delivery(row) if row else None


def claim_delivery(database: Database, lease_s: float) -> Claim | None:
    """What is to be sent next, if anything is."""
    with database.transaction() as transaction:
        row = transaction.one("claim_delivery", lease_s=lease_s, senders_an_owner=_SENDERS_AN_OWNER)
    return Claim(**row) if row else None


def record_success(database: Database, claim: Claim, status: int) -> None:
    """The endpoint has taken the delivery."""
    with database.transaction() as transaction:
        transaction.run("webhook_succeeded", **_lease(claim))
        _record_try(transaction, claim, "delivered", status)


def record_failure(database: Database, claim: Claim, failure: Failure, stop_days: float, reason: str) -> bool:
    """The endpoint has not taken the delivery. After ``stop_days`` of failing it is disabled with the reason.

    Whether this has disabled it.
    """
    with database.transaction() as transaction:
        row = transaction.one(
            "webhook_failed", **_lease(claim), pause_s=failure.pause_s, stop_days=stop_days, reason=reason
        )
        state: State = "given_up" if failure.retry_in_s is None else "pending"
        _record_try(transaction, claim, state, failure.status, failure.error, failure.retry_in_s or 0)
    return row is not None and not row["is_enabled"]


def record_gone(database: Database, claim: Claim, status: int, reason: str) -> None:
    """The endpoint wants nothing any more: disable it with the reason and give up what it was still to be sent."""
    with database.transaction() as transaction:
        is_stopped = transaction.run("stop_webhook", **_lease(claim), reason=reason)
        _record_try(transaction, claim, "given_up", status, reason)
        if is_stopped:
            transaction.run("give_up_deliveries", webhook_id=claim.webhook_id)


def _lease(claim: Claim) -> dict[str, Any]:
    return {"webhook_id": claim.webhook_id, "leased_until": claim.leased_until}


def _record_try(
    transaction: Transaction,
    claim: Claim,
    state: State,
    status: int | None,
    error: str | None = None,
    delay_s: float = 0,
) -> None:
    transaction.run(
        "record_try", delivery_id=claim.delivery_id, state=state, status=status, error=error, delay_s=delay_s
    )


def _delivery(row: Row) -> DeliveryRow:
    return DeliveryRow(**{name: row[name] for name in DeliveryRow.__slots__})

"""Deliveries of webhooks: their log, and the claims of senders.

A sender claims one delivery and its endpoint until it records the outcome or its lease expires. So an endpoint has one
sender at a time, and a delivery whose sender crashed is sent again.
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
    """A message and its state, with columns of the table ``webhook_deliveries``."""

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
class ClaimedDelivery:
    """A delivery to send now. No other sender uses its endpoint until ``leased_until``."""

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
class DeliveryFailure:
    """Why a try failed, and when to retry. ``retry_in_s`` of None gives the delivery up."""

    status: int | None
    error: str
    retry_in_s: float | None
    pause_s: float


def list_deliveries(database: Database, webhook_id: UUID, limit: int, before: int | None = None) -> list[DeliveryRow]:
    """Deliveries with a sequence below ``before``, newest first."""
    with database.transaction() as transaction:
        rows = transaction.all("deliveries", webhook_id=webhook_id, before=before, limit=limit)
    return [_delivery(row) for row in rows]


def queue_test(database: Database, webhook_id: UUID) -> DeliveryRow | None:
    """Queue a message of type `test` for now. None if there is no such webhook."""
    with database.transaction() as transaction:
        transaction.run("end_pause", webhook_id=webhook_id)
        row = transaction.one("insert_test_delivery", webhook_id=webhook_id)
        transaction.one("notify_webhooks")
    return _delivery(row) if row else None


def redeliver(database: Database, webhook_id: UUID, delivery_id: UUID) -> DeliveryRow | None:
    """Queue a delivery in any state for now. None if there is no such delivery."""
    with database.transaction() as transaction:
        transaction.run("end_pause", webhook_id=webhook_id)
        row = transaction.one("redeliver", webhook_id=webhook_id, delivery_id=delivery_id)
        transaction.one("notify_webhooks")
    return _delivery(row) if row else None


def claim_delivery(database: Database, lease_s: float) -> ClaimedDelivery | None:
    """Claim the next due delivery, if any."""
    with database.transaction() as transaction:
        row = transaction.one("claim_delivery", lease_s=lease_s, senders_an_owner=_SENDERS_AN_OWNER)
    return ClaimedDelivery(**row) if row else None


def record_success(database: Database, claim: ClaimedDelivery, status: int) -> None:
    """Record that the endpoint has accepted the delivery."""
    with database.transaction() as transaction:
        transaction.run("webhook_succeeded", **_lease(claim))
        _record_try(transaction, claim, "delivered", status)


def record_failure(
    database: Database, claim: ClaimedDelivery, failure: DeliveryFailure, stop_days: float, reason: str
) -> bool:
    """Record that the endpoint has not accepted the delivery. After ``stop_days`` of failures, disable it.

    Return whether it was disabled.
    """
    with database.transaction() as transaction:
        row = transaction.one(
            "webhook_failed", **_lease(claim), pause_s=failure.pause_s, stop_days=stop_days, reason=reason
        )
        state: State = "given_up" if failure.retry_in_s is None else "pending"
        _record_try(transaction, claim, state, failure.status, failure.error, failure.retry_in_s or 0)
    return row is not None and not row["is_enabled"]


def record_gone(database: Database, claim: ClaimedDelivery, status: int, reason: str) -> None:
    """Disable an endpoint that refuses further messages, and give up its pending deliveries."""
    with database.transaction() as transaction:
        is_stopped = transaction.run("stop_webhook", **_lease(claim), reason=reason)
        _record_try(transaction, claim, "given_up", status, reason)
        if is_stopped:
            transaction.run("give_up_deliveries", webhook_id=claim.webhook_id)


def _lease(claim: ClaimedDelivery) -> dict[str, Any]:
    return {"webhook_id": claim.webhook_id, "leased_until": claim.leased_until}


def _record_try(
    transaction: Transaction,
    claim: ClaimedDelivery,
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

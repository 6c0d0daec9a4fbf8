"""Idempotency keys: a request that is sent twice with the same key makes one job and is answered the same.

Whoever works on a key holds its lease, and writes the answer in the transaction that makes the job. A lease that its
holder has not used in time (the process died) can be taken over; then the late holder's transaction fails, so that
there is one job in any case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from blurline.errors import PermanentError
from blurline.ids import new_id
from sql.engine.database import Database, Transaction

_LEASE_S = 300


class KeyReused(PermanentError):
    """The key was used for another request."""

    code = "idempotency_key_reused"


class InProgress(PermanentError):
    """A request with the key is still at work."""

    code = "request_in_progress"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed key. ``answer`` is that of an earlier request, or None when this one is to do the work."""

    owner: str
    key: str
    lease_id: UUID
    answer: dict[str, Any] | None


def claim(database: Database, owner: str, key: str, fingerprint: str, kept_hours: float) -> Claim:
    """Claim a key for the request with this fingerprint. Raises KeyReused, InProgress."""
    lease_id = new_id()
    with database.transaction() as transaction:
        transaction.run("forget_idempotency_key", owner=owner, key=key, kept_hours=kept_hours)
        row = transaction.one(
            "claim_idempotency_key",
            owner=owner,
            key=key,
            fingerprint=fingerprint,
            lease_id=lease_id,
            lease_s=_LEASE_S,
        )
        if row is None:  # somebody has it: claimed rows alone come back
            row = transaction.one("idempotency_key", owner=owner, key=key)
            if row is None or (row["answer"] is None and row["fingerprint"] == fingerprint):
                raise InProgress("A request with this Idempotency-Key is still at work. Ask again in a moment.")
    if row["fingerprint"] != fingerprint:
        raise KeyReused("This Idempotency-Key was used for a request with another body. Use a key once.")
    return Claim(owner, key, lease_id, row["answer"])


def settle(transaction: Transaction, claimed: Claim, answer: dict[str, Any]) -> None:
    """Write the answer. Raises InProgress when another request has taken the key over; nothing may be made then."""
    if not transaction.run(
        "settle_idempotency_key",
        owner=claimed.owner,
        key=claimed.key,
        lease_id=claimed.lease_id,
        answer=Jsonb(answer),
    ):
        raise InProgress("Another request with this Idempotency-Key has taken this one's place.")


def release(database: Database, claimed: Claim) -> None:
    """Give a key back whose request came to nothing, so that it can be sent again."""
    with database.transaction() as transaction:
        transaction.run("release_idempotency_key", owner=claimed.owner, key=claimed.key, lease_id=claimed.lease_id)

"""Idempotency keys: a request that is sent twice with the same key creates one job and gets the same response.

A request leases its key, and writes its response in the transaction that creates the job. An expired lease (its process
died) can be taken over. The transaction of the late request then fails, so there is never a second job.
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
    """A request with the key is still in progress."""

    code = "request_in_progress"


@dataclass(frozen=True, slots=True)
class ClaimedKey:
    """A claimed key. ``answer`` is the response of an earlier request, or None if this request must do the work."""

    owner: str
    key: str
    lease_id: UUID
    answer: dict[str, Any] | None


def claim(database: Database, owner: str, key: str, fingerprint: str, kept_hours: float) -> ClaimedKey:
    """Claim a key for the request with this fingerprint. Raises KeyReused and InProgress."""
    lease_id = new_id()
    with database.transaction() as transaction:
        transaction.run("delete_expired_idempotency_key", owner=owner, key=key, kept_hours=kept_hours)
        row = transaction.one(
            "claim_idempotency_key",
            owner=owner,
            key=key,
            fingerprint=fingerprint,
            lease_id=lease_id,
            lease_s=_LEASE_S,
        )
        if row is None:  # another request has it: only claimed rows are returned
            row = transaction.one("idempotency_key", owner=owner, key=key)
            if row is None or (row["answer"] is None and row["fingerprint"] == fingerprint):
                raise InProgress("A request with this Idempotency-Key is still in progress. Try again in a moment.")
    if row["fingerprint"] != fingerprint:
        raise KeyReused("This Idempotency-Key was used for a different request. Use a new key.")
    return ClaimedKey(owner, key, lease_id, row["answer"])


def settle(transaction: Transaction, claimed: ClaimedKey, answer: dict[str, Any]) -> None:
    """Write the response. Raises InProgress if another request has taken over the key; then abort the transaction."""
    if not transaction.run(
        "settle_idempotency_key",
        owner=claimed.owner,
        key=claimed.key,
        lease_id=claimed.lease_id,
        answer=Jsonb(answer),
    ):
        raise InProgress("Another request with this Idempotency-Key has taken over. Try again in a moment.")


def release(database: Database, claimed: ClaimedKey) -> None:
    """Release the key of a failed request, so that it can be sent again."""
    with database.transaction() as transaction:
        transaction.run("release_idempotency_key", owner=claimed.owner, key=claimed.key, lease_id=claimed.lease_id)

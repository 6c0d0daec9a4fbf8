"""Forgetting what is kept for a while only: events, the log of webhooks, idempotency keys."""

from __future__ import annotations

from blurline.settings import Settings
from sql.engine.database import Database

_AT_MOST = 10_000


def prune(database: Database, settings: Settings) -> int:
    """Delete what is older than the settings keep, at most so many rows of each kind at a time; how many rows.

    A delivery that is still to be sent stays for as long as its webhook is enabled.
    """
    kinds = {
        "prune_events": settings.events_kept_days * 24,
        "prune_deliveries": settings.events_kept_days * 24,
        "prune_idempotency_keys": settings.idempotency_hours,
    }
    rows = 0
    for name, kept_hours in kinds.items():
        with database.transaction() as transaction:  # each its own, so that none holds what the next waits for
            rows += transaction.run(name, kept_hours=kept_hours, limit=_AT_MOST)
    return rows

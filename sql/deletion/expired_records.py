"""Expiring records with a fixed lifetime: events, webhook deliveries and idempotency keys."""

from __future__ import annotations

from blurline.errors import DatabaseUnavailable
from blurline.settings import Settings
from sql.engine.database import Database

_AT_MOST = 10_000


def expire_records(database: Database, settings: Settings) -> int:
    """Delete records older than the settings keep, at most 10,000 of each kind. Return how many were deleted.

    A pending delivery stays while its webhook is enabled.
    """
    kinds = {
        "expire_events": settings.retention.events_days * 24,
        "expire_deliveries": settings.retention.events_days * 24,
        "expire_open_uploads": settings.retention.uploads_hours,
        "expire_idempotency_keys": settings.requests.idempotency_hours,
    }
    rows, faults = 0, []
    for name, kept_hours in kinds.items():
        try:
            with database.transaction() as transaction:  # one each, so that none holds locks that another waits for
                rows += transaction.run(name, kept_hours=kept_hours, limit=_AT_MOST)
        except DatabaseUnavailable as error:  # a statement that took too long must not keep the other kinds
            faults.append(error)
    if faults:
        raise faults[0]
    return rows

"""Identifiers: UUIDv7 (RFC 9562), which sort by creation time."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new UUIDv7."""
    return uuid7()


def made_at(made: UUID) -> datetime:
    """When a UUIDv7 was created, to the millisecond."""
    return datetime.fromtimestamp((made.int >> 80) / 1000, UTC)

"""Identifiers: UUIDv7 (RFC 9562), so that the order of ids is the order of creation."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid7()

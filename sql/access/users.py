"""Users: everyone who has presented a valid token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from blurline.access.tokens import Identity
from sql.engine.database import Database


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user. ``quotas`` take precedence over the settings."""

    id: str
    issuer: str
    subject: str
    name: str | None
    email: str | None
    quotas: dict[str, int | None]
    first_seen_at: datetime
    last_seen_at: datetime


def record_user(database: Database, identity: Identity) -> None:
    """Record that a user has presented a valid token."""
    with database.transaction() as transaction:
        transaction.run(
            "see_user",
            id=identity.owner,
            issuer=identity.issuer,
            subject=identity.subject,
            name=identity.name,
            email=identity.email,
        )


def list_users(database: Database, limit: int, after: str = "") -> list[UserRow]:
    """Users by id, those after ``after``."""
    with database.transaction() as transaction:
        return [UserRow(**row) for row in transaction.all("users", after=after, limit=limit)]


def set_quotas(database: Database, user_id: str, quotas: dict[str, int | None]) -> UserRow | None:
    """Set quotas that take precedence over the settings. Return the user, or None if there is no such user."""
    with database.transaction() as transaction:
        row = transaction.one("set_quotas", id=user_id, quotas=Jsonb(quotas))
    return UserRow(**row) if row else None

"""One-time links that sign in at the dashboard. The database has a hash of each code, never the code."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from blurline.access.tokens import Scope
from blurline.errors import ConfigurationError
from blurline.settings import Settings
from sql.engine.database import Database

LINK_VALID_S = 600


@dataclass(frozen=True, slots=True)
class SignInLink:
    """Whom a link signs in, and with which scopes."""

    owner: str
    scopes: tuple[Scope, ...]


def accepts_links(settings: Settings) -> bool:
    """Whether one-time links sign in at the dashboard: users have tokens of the local issuer and no other sign-in."""
    return settings.access.local_issuer and settings.oidc.client_id is None


def create_link(settings: Settings, owner: str, scopes: Sequence[Scope], valid_s: float = LINK_VALID_S) -> str:
    """Create a link for a user. `take_link` accepts its code once within ``valid_s``. Raises ConfigurationError."""
    if not accepts_links(settings):
        raise ConfigurationError(
            "The dashboard accepts no links: users sign in with the OpenID Connect issuer, or BLURLINE_LOCAL_ISSUER "
            "is false."
        )
    code = secrets.token_urlsafe(32)
    with closing(Database(settings.database.conninfo)) as database, database.transaction() as transaction:
        transaction.run("delete_expired_sign_in_links")
        transaction.run(
            "add_sign_in_link", code_sha256=_hashed(code), owner=owner, scopes=list(map(str, scopes)), valid_s=valid_s
        )
    return f"{settings.dashboard.url.rstrip('/')}/sign-in?code={code}"


def take_link(database: Database, code: str) -> SignInLink | None:
    """Delete the link with this code and return it; None if it has expired, was taken before, or never existed."""
    with database.transaction() as transaction:
        row = transaction.one("take_sign_in_link", code_sha256=_hashed(code))
    if row is None or not row["is_valid"]:
        return None
    return SignInLink(row["owner"], tuple(map(Scope, row["scopes"])))


def _hashed(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()

"""The identity behind a token: accepted issuers, and the users who have presented a valid token."""

from __future__ import annotations

import threading
import time

from blurline.access.oidc import OidcIssuer
from blurline.access.tokens import LOCAL_ISSUER, Identity, InvalidToken, LocalIssuer, claimed_issuer
from blurline.settings import Settings
from sql.access.users import record_user
from sql.engine.database import Database

_SEEN_AGAIN_S = 300
_MOST_REMEMBERED = 10_000


class Identities:
    """Checks tokens of every issuer in the settings. Safe to share between threads."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._issuers: dict[str, LocalIssuer | OidcIssuer] = {}
        if settings.access.local_issuer:
            self._issuers[LOCAL_ISSUER] = LocalIssuer(settings.home)
        if settings.oidc.issuer:
            self._issuers[settings.oidc.issuer] = OidcIssuer(
                settings.oidc.issuer, settings.oidc.audience, settings.oidc.scopes_claim
            )
        self._database = database
        self._seen_s: dict[tuple[str, str | None, str | None], float] = {}
        self._lock = threading.Lock()

    def identify(self, token: str) -> Identity:
        """Return whom the token is for, and record them as a user. Raises InvalidToken and IssuerUnavailable."""
        issuer = self._issuers.get(claimed_issuer(token) or "")
        if issuer is None:
            raise InvalidToken(f"The token's issuer is not accepted here. Use a token from {', '.join(self._issuers)}.")
        identity = issuer.verify(token)
        self._remember(identity)
        return identity

    def _remember(self, identity: Identity) -> None:
        """Record the user, at most once in `_SEEN_AGAIN_S`."""
        key, now_s = (identity.owner, identity.name, identity.email), time.monotonic()
        with self._lock:
            if now_s < self._seen_s.get(key, -_SEEN_AGAIN_S) + _SEEN_AGAIN_S:
                return
            if len(self._seen_s) >= _MOST_REMEMBERED:
                self._seen_s.clear()
            self._seen_s[key] = now_s
        try:
            record_user(self._database, identity)
        except BaseException:
            with self._lock:
                self._seen_s.pop(key, None)
            raise

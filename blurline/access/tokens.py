"""Bearer tokens, which identify users and their scopes, and the local issuer.

Tokens are checked as RFC 8725 recommends: the algorithm is fixed; issuer, audience, subject and expiry are required, a
start is checked if there is one; headers that point to keys are ignored.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from blurline.access.signing_key import load_or_create_key
from blurline.errors import PermanentError

LOCAL_ISSUER = "blurline-local"
LOCAL_AUDIENCE = "blurline"
MAX_TOKEN_BYTES = 16_384
_LOCAL_ALGORITHM = "EdDSA"
ISSUER_KEY_FILE = "issuer_key.pem"
_LEEWAY_S = 5
_MAX_OWNER_LENGTH = 512
_LAST_S = 253_402_300_799  # the end of the year 9999


class Scope(StrEnum):
    """What a token allows."""

    SUBMIT = "submit"
    REVIEW = "review"
    OPERATE = "operate"


class InvalidToken(PermanentError):
    """The bearer token is missing, wrong or expired."""

    code = "invalid_token"


@dataclass(frozen=True, slots=True)
class Identity:
    """The user of a request, their scopes and the token's expiry. ``owner`` is the owner of their jobs."""

    owner: str
    issuer: str
    subject: str
    scopes: frozenset[Scope]
    expires_at: datetime
    name: str | None = None
    email: str | None = None

    @property
    def sees_everything(self) -> bool:
        """Whether the user can view the jobs of all owners: reviewers and operators can."""
        return bool(self.scopes & {Scope.REVIEW, Scope.OPERATE})


class LocalIssuer:
    """Issues and checks tokens with the key in ``home``, which it creates (mode 0600) if there is none."""

    def __init__(self, home: Path) -> None:
        self._key = local_key(home)

    def issue(self, subject: str, scopes: Sequence[Scope], ttl_s: int) -> str:
        """Issue a token for ``subject`` that is valid for ``ttl_s`` seconds."""
        now = int(time.time())
        claims = {"iss": LOCAL_ISSUER, "aud": LOCAL_AUDIENCE, "sub": subject, "scope": " ".join(scopes), "iat": now}
        return jwt.encode({**claims, "nbf": now, "exp": now + ttl_s}, self._key, algorithm=_LOCAL_ALGORITHM)

    def verify(self, token: str) -> Identity:
        """Return the identity of a token. Raises InvalidToken."""
        claims = checked_claims(token, self._key.public_key(), [_LOCAL_ALGORITHM], LOCAL_ISSUER, LOCAL_AUDIENCE)
        return identity(claims, claims["sub"], claims.get("scope"))


def local_key(home: Path) -> Ed25519PrivateKey:
    """The key of the local issuer; created if missing. Raises ConfigurationError."""
    return load_or_create_key(home / ISSUER_KEY_FILE)


def claimed_issuer(token: str) -> str | None:
    """Return the issuer that an unchecked token names. Raises InvalidToken."""
    if len(token) > MAX_TOKEN_BYTES:
        raise InvalidToken(f"The bearer token is longer than {MAX_TOKEN_BYTES} bytes.")
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except (jwt.PyJWTError, ValueError) as error:
        raise InvalidToken(f"The bearer token is not a JWT: {error}.") from error
    return issuer if isinstance(issuer, str) else None


def checked_claims(token: str, key: Any, algorithms: list[str], issuer: str, audience: str) -> Mapping[str, Any]:
    """Check a token and return its claims. Raises InvalidToken."""
    try:
        return jwt.decode(
            token,
            key,
            algorithms=algorithms,
            issuer=issuer,
            audience=audience,
            leeway=_LEEWAY_S,
            options={"require": ["iss", "aud", "sub", "exp"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise InvalidToken(f"The bearer token is not valid: {error}.") from error


def identity(claims: Mapping[str, Any], owner: str, scopes: Any) -> Identity:
    """Return the identity in checked claims. Scopes are a list, or text separated by spaces. Raises InvalidToken."""
    subject = claims["sub"]
    if not subject or not owner.isprintable() or len(owner) > _MAX_OWNER_LENGTH:
        raise InvalidToken(f"The token's subject must be printable and have 1 to {_MAX_OWNER_LENGTH} characters.")
    words = scopes.split() if isinstance(scopes, str) else scopes if isinstance(scopes, list) else []
    return Identity(
        owner=owner,
        issuer=claims["iss"],
        subject=subject,
        scopes=frozenset(scope for scope in Scope if scope in words),
        expires_at=datetime.fromtimestamp(min(int(claims["exp"]), _LAST_S), UTC),
        name=_text(claims.get("name")),
        email=_text(claims.get("email")),
    )


def _text(value: Any) -> str | None:
    return value[:_MAX_OWNER_LENGTH] if isinstance(value, str) and value.isprintable() else None

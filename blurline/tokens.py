"""Bearer tokens of the local issuer: JWTs signed with an Ed25519 key that lies in the data folder.

Checked as RFC 8725 asks: one algorithm, issuer, audience and expiry required; headers that point to keys
are ignored.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from blurline.errors import PermanentError

ISSUER = "blurline-local"
AUDIENCE = "blurline"
_ALGORITHM = "EdDSA"
_KEY_FILE = "issuer_key.pem"
_LEEWAY_S = 5


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
    """Who makes a request, and what they may do."""

    subject: str
    scopes: frozenset[str]

    @property
    def sees_everything(self) -> bool:
        """Reviewers and operators see the jobs of all owners."""
        return bool(self.scopes & {Scope.REVIEW, Scope.OPERATE})


class LocalIssuer:
    """Issues and checks tokens with the key in ``home``, which is made (0600) where there is none."""

    def __init__(self, home: Path) -> None:
        self._key = _load_or_create_key(home / _KEY_FILE)

    def issue(self, subject: str, scopes: list[Scope], ttl_s: int) -> str:
        """A token for ``subject`` that is valid from now for ``ttl_s`` seconds."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "scope": " ".join(scopes), "iat": now}
        return jwt.encode({**claims, "nbf": now, "exp": now + ttl_s}, self._key, algorithm=_ALGORITHM)

    def verify(self, token: str) -> Identity:
        """Who the token is for. Raises InvalidToken."""
        try:
            claims = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=[_ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                leeway=_LEEWAY_S,
                options={"require": ["iss", "aud", "sub", "exp", "nbf"]},
            )
        except jwt.PyJWTError as error:
            raise InvalidToken(
                f"The bearer token is not valid: {error}. Get a new one with `blurline token`."
            ) from error
        return Identity(claims["sub"], frozenset(str(claims.get("scope", "")).split()))


def _load_or_create_key(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        data = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_bytes(data)
        try:
            os.link(draft, path)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    return key

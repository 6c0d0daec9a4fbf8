"""Checks tokens of an OpenID Connect issuer with its published keys (JWKS).

Keys are fetched for the first token, for a token with an unknown key (after a rotation), and when they are old, but at
most once every few seconds, regardless of the tokens that arrive.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import structlog

from blurline.access.tokens import Identity, InvalidToken, checked_claims, identity
from blurline.errors import ConfigurationError, RetryableError

log = structlog.get_logger()

ALGORITHMS = {
    "RSA": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    "EC": ["ES256", "ES384", "ES512"],
    "OKP": ["EdDSA"],
}
"""Algorithms by type of key. Asymmetric only, since published keys must not be able to sign tokens."""

_FRESH_S = 3600
_PAUSE_S = 5
_TIMEOUT_S = 5


class IssuerUnavailable(RetryableError):
    """The OpenID Connect issuer did not respond with keys."""

    code = "issuer_unavailable"


@dataclass(frozen=True, slots=True)
class _Key:
    """A published key and its permitted algorithms."""

    id: str | None
    public: Any
    algorithms: list[str]


class OidcIssuer:
    """Checks tokens of one issuer. Safe to share between threads."""

    def __init__(self, issuer: str, audience: str, scopes_claim: str, pause_s: float = _PAUSE_S) -> None:
        address = httpx.URL(issuer)
        if address.scheme != "https" and address.host not in ("127.0.0.1", "localhost", "::1"):
            raise ConfigurationError(f"BLURLINE_OIDC_ISSUER is {issuer!r}; it must be an https URL.")
        self.name = issuer
        self._audience, self._pause_s = audience, pause_s
        self._scopes_path = scopes_claim.split(".")
        self._keys: dict[str | None, _Key] = {}
        self._fetched_s = self._tried_s = -float("inf")
        self._lock = threading.Lock()

    def verify(self, token: str) -> Identity:
        """Return the identity of a token. Raises InvalidToken, and IssuerUnavailable without keys."""
        key = self._key(token)
        claims = checked_claims(token, key.public, key.algorithms, self.name, self._audience)
        return identity(claims, f"{self.name}#{claims['sub']}", _found(claims, self._scopes_path))

    def fetch_keys(self) -> int:
        """Fetch the keys now, and return how many are usable. Raises IssuerUnavailable."""
        self._fetch()
        return len(self._keys)

    def _key(self, token: str) -> _Key:
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError as error:
            raise InvalidToken(f"The bearer token is not valid: {error}.") from error
        key = self._known(key_id)
        is_fresh = time.monotonic() < self._fetched_s + _FRESH_S
        if key is None or not is_fresh:
            # Wait only without any keys, so that a slow issuer delays no other request.
            if self._lock.acquire(blocking=not self._keys):
                try:
                    self._fetch()
                finally:
                    self._lock.release()
            elif key is None:
                raise IssuerUnavailable(f"The keys of {self.name} are being fetched. Try again.")
            key = self._known(key_id)
        if key is None:
            raise InvalidToken("The bearer token is signed with a key that its issuer does not publish.")
        return key

    def _known(self, key_id: str | None) -> _Key | None:
        keys = self._keys
        return next(iter(keys.values())) if key_id is None and len(keys) == 1 else keys.get(key_id)

    def _fetch(self) -> None:
        """Fetch the keys, unless this was tried a moment ago. Old keys stay while the issuer does not respond."""
        now_s = time.monotonic()
        if now_s < self._tried_s + self._pause_s:
            if not self._keys:
                raise IssuerUnavailable(f"The keys of {self.name} could not be fetched a moment ago.")
            return
        try:
            published = _published(self.name)
            self._keys = {key.id: key for key in _usable(published)}
            self._fetched_s = time.monotonic()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
            log.warning("issuer_keys_not_fetched", issuer=self.name, error=repr(error))
            if not self._keys:
                raise IssuerUnavailable(f"The keys of {self.name} could not be fetched: {error!r}") from error
        finally:
            self._tried_s = time.monotonic()


def _published(issuer: str) -> list[Mapping[str, Any]]:
    """Fetch an issuer's JWKS. Raises httpx's errors, and ValueError when the issuer has another name."""
    with httpx.Client(timeout=_TIMEOUT_S) as http:
        about = http.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration").raise_for_status().json()
        if about["issuer"] != issuer:
            raise ValueError(f"the issuer's name is {about['issuer']!r}")
        keys: list[Mapping[str, Any]] = http.get(about["jwks_uri"]).raise_for_status().json()["keys"]
    return keys


def _usable(published: list[Mapping[str, Any]]) -> list[_Key]:
    """The signature keys of accepted types."""
    keys = []
    for each in published:
        if each.get("use", "sig") != "sig" or each.get("kty") not in ALGORITHMS:
            continue
        try:
            public = jwt.PyJWK(dict(each)).key
        except jwt.PyJWTError:
            continue
        possible = ALGORITHMS[each["kty"]]
        keys.append(_Key(each.get("kid"), public, [name for name in possible if name == each.get("alg")] or possible))
    return keys


def _found(claims: Any, path: list[str]) -> Any:
    for step in path:
        claims = claims.get(step) if isinstance(claims, Mapping) else None
    return claims

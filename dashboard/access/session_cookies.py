"""Cookies of users who signed in with a token. Each is an encrypted session, which every dashboard process can open.

A session ends with its token, after `LONGEST_S`, and when the user signs out.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.fernet import InvalidToken

from blurline.access.derived_keys import derived_cipher
from blurline.access.hosts import origin_at
from blurline.access.tokens import local_key
from blurline.errors import ConfigurationError
from blurline.settings import Settings, load_settings

LONGEST_S = 12 * 3600
MOST_TOKEN_BYTES = 2700
"""A longer token does not fit into a cookie, of which browsers keep 4096 bytes."""


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A user's token and when the session ends, in seconds since the epoch. ``id`` is a hash of the cookie."""

    id: str
    token: str
    ends_at_s: float


class SessionCookies:
    """Makes cookies of tokens and opens them. Safe to share between threads."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = derived_cipher(secret, "dashboard session")
        self._ended: dict[str, float] = {}

    def begin(self, token: str, expires_at_s: float) -> tuple[str, int]:
        """Return the cookie of a new session and the seconds that it is valid."""
        valid_s = int(min(expires_at_s - time.time(), LONGEST_S))
        text = json.dumps({"token": token, "ends_at_s": time.time() + valid_s})
        return self._cipher.encrypt(text.encode()).decode(), valid_s

    def open(self, cookie: str) -> BrowserSession | None:
        """Return the session of a cookie; None if it has ended or the cookie is not of this installation."""
        try:
            found = json.loads(self._cipher.decrypt(cookie, ttl=LONGEST_S))
        except InvalidToken:
            return None
        session = BrowserSession(hashlib.sha256(cookie.encode()).hexdigest(), found["token"], found["ends_at_s"])
        return None if session.id in self._ended or session.ends_at_s <= time.time() else session

    def end(self, session: BrowserSession) -> None:
        """End a session. This process refuses copies of its cookie too."""
        now_s = time.time()
        kept = {each: ends_at_s for each, ends_at_s in self._ended.items() if ends_at_s > now_s}
        self._ended = kept | {session.id: session.ends_at_s}


@lru_cache(maxsize=1)
def session_cookies() -> SessionCookies:
    """The cookies of this process."""
    return SessionCookies(_secret(load_settings()))


def session_of(cookies: Mapping[str, str], host: str) -> BrowserSession | None:
    """The session of a request to this ``Host``, from its cookies."""
    cookie = cookies.get(cookie_name(host))
    return session_cookies().open(cookie) if cookie else None


def cookie_name(host: str) -> str:
    """The cookie's name at a ``Host``. It has the port, because a browser sends cookies to every port of a name."""
    port = host.rpartition(":")[2]
    name = f"blurline-session-{port}" if port.isdigit() else "blurline-session"
    return f"__Host-{name}" if is_secure(host) else name


def is_secure(host: str) -> bool:
    """Whether browsers use https at a ``Host``."""
    return origin_at(host, load_settings().dashboard.url).startswith("https://")


def _secret(settings: Settings) -> bytes:
    """The secret of the cookies. Without one to share, sessions end with the process."""
    if settings.dashboard.cookie_secret is not None:
        return settings.dashboard.cookie_secret.get_secret_value().encode()
    try:
        return local_key(settings.home).private_bytes_raw()
    except ConfigurationError:
        return secrets.token_bytes(32)

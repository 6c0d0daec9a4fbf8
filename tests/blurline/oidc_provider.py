"""An OpenID Connect provider of the test's own, with keys that rotate."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "blurline"
_KINDS: dict[str, Any] = {"RS256": RSAAlgorithm, "PS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}


class Provider:
    """Serves discovery and JWKS, and issues tokens. ``fetches`` counts requests for the keys."""

    def __init__(self) -> None:
        self.fetches = 0
        self.is_down = False
        self.is_silent_about_algorithms = False
        self._may_answer, self._is_asked = threading.Event(), threading.Event()
        self._may_answer.set()
        self._keys: dict[str, tuple[str, Any]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = provider._answer(self.path)
                self.send_response(503 if answer is None else 200)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}/realms/test/"

    def rotate(self, key_id: str, algorithm: str = "RS256", *, keep: bool = False) -> None:
        """Sign with a new key from now on; publish it in place of, or beside, those before."""
        kept = self._keys if keep else {}
        self._keys = {**kept, key_id: (algorithm, _private_key(algorithm))}

    def token(self, subject: str = "ann", *, key_id: str | None = None, **claims: Any) -> str:
        """A valid token, but for what ``claims`` changes; a claim of None is left out."""
        chosen = key_id or list(self._keys)[-1]
        algorithm, key = self._keys[chosen]
        return jwt.encode(self.claims(subject, **claims), key, algorithm=algorithm, headers={"kid": chosen})

    def claims(self, subject: str = "ann", **claims: Any) -> dict[str, Any]:
        now = int(time.time())
        given = {"iss": self.issuer, "aud": AUDIENCE, "sub": subject, "scope": "submit", "iat": now, "exp": now + 60}
        return {name: value for name, value in {**given, **claims}.items() if value is not None}

    def private_key(self, key_id: str) -> Any:
        return self._keys[key_id][1]

    def _answer(self, path: str) -> dict[str, Any] | None:
        self._is_asked.set()
        self._may_answer.wait(20)
        if self.is_down:
            return None
        if path == "/realms/test/.well-known/openid-configuration":
            return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}keys"}
        self.fetches += 1
        keys = [_published(key_id, *key) for key_id, key in self._keys.items()]
        if self.is_silent_about_algorithms:
            keys = [{name: value for name, value in key.items() if name != "alg"} for key in keys]
        return {"keys": keys}

    @contextmanager
    def hanging(self) -> Iterator[threading.Event]:
        """Answer nothing for the length of the block; the event is set when somebody has asked."""
        self._is_asked.clear()
        self._may_answer.clear()
        try:
            yield self._is_asked
        finally:
            self._may_answer.set()

    @contextmanager
    def serving(self) -> Iterator[Provider]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def _private_key(algorithm: str) -> Any:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


def _published(key_id: str, algorithm: str, key: Any) -> dict[str, Any]:
    jwk = json.loads(_KINDS[algorithm].to_jwk(key.public_key()))
    return {**jwk, "kid": key_id, "use": "sig", "alg": algorithm}

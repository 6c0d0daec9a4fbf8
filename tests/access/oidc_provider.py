"""An OpenID Connect provider for tests, with rotating keys, that signs people in without asking."""

from __future__ import annotations

import json
import secrets
import threading
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.waiting import TIMEOUT_S

AUDIENCE = "blurline"
CLIENT_ID, CLIENT_SECRET = "dashboard", "kept by the dashboard"
_PATH = "/realms/test/"
_KINDS: dict[str, Any] = {"RS256": RSAAlgorithm, "PS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}


@dataclass(frozen=True, slots=True)
class Person:
    """The person at the browser and the scopes of their access token."""

    subject: str
    scope: str


class Provider:
    """Serves discovery and JWKS, and issues tokens. ``fetches`` counts requests for the keys.

    A browser that is sent to sign in is sent back at once with a code for ``person``; ``signed_out`` lists who left.
    """

    def __init__(self) -> None:
        self.fetches = 0
        self.person = Person("ann", "submit")
        self.signed_out: list[str] = []
        self._codes: dict[str, tuple[Person, dict[str, str]]] = {}
        self.refusal: str | None = None  # why nobody can sign in
        self.refuses_codes = False
        self.is_down = False
        self.is_silent_about_algorithms = False
        self._may_answer, self._is_asked = threading.Event(), threading.Event()
        self._may_answer.set()
        self._keys: dict[str, tuple[str, Any]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                address = urlsplit(self.path)
                asked = dict(parse_qsl(address.query))
                if address.path == f"{_PATH}authorize":
                    self._send_on(provider._sign_in(asked))
                elif address.path == f"{_PATH}logout":
                    self._send_on(provider._sign_out(asked))
                else:
                    answer = provider._answer(self.path)
                    self._reply(503 if answer is None else 200, answer)

            def do_POST(self) -> None:
                form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                tokens = provider._redeem(form, self.headers.get("Authorization"))
                self._reply(*((400, {"error": "invalid_grant"}) if tokens is None else (200, tokens)))

            def _reply(self, status: int, answer: dict[str, Any] | None) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def _send_on(self, location: str) -> None:
                self.send_response(302)
                self.send_header("Location", location)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}{_PATH}"

    def rotate(self, key_id: str, algorithm: str = "RS256", *, keep: bool = False) -> None:
        """Sign with a new key from now on; publish it instead of, or besides, the earlier keys."""
        kept = self._keys if keep else {}
        self._keys = {**kept, key_id: (algorithm, _private_key(algorithm))}

    def token(self, subject: str = "ann", *, key_id: str | None = None, **claims: Any) -> str:
        """A valid token with these claims changed; a claim of None is left out."""
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
        self._may_answer.wait(TIMEOUT_S)
        if self.is_down:
            return None
        if path == f"{_PATH}.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "jwks_uri": f"{self.issuer}keys",
                "authorization_endpoint": f"{self.issuer}authorize",
                "token_endpoint": f"{self.issuer}token",
                "end_session_endpoint": f"{self.issuer}logout",
                "code_challenge_methods_supported": ["S256"],
            }
        self.fetches += 1
        keys = [_published(key_id, *key) for key_id, key in self._keys.items()]
        if self.is_silent_about_algorithms:
            keys = [{name: value for name, value in key.items() if name != "alg"} for key in keys]
        return {"keys": keys}

    def _sign_in(self, asked: dict[str, str]) -> str:
        if "prompt" in asked or self.refusal is not None:  # oidc-provider 9 knows no `select_account` either
            says = self.refusal or "unsupported prompt value requested"
            answer = {"error": "invalid_request", "error_description": says, "state": asked["state"]}
            return f"{asked['redirect_uri']}?{urlencode(answer)}"
        code = secrets.token_urlsafe()
        self._codes[code] = (self.person, asked)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def _redeem(self, form: dict[str, str], authorization: str | None) -> dict[str, Any] | None:
        """The tokens for a code, once and only for the client that started the sign-in."""
        person, asked = self._codes.pop(form["code"])
        credentials = b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        is_the_client = authorization == f"Basic {credentials}" and asked["client_id"] == CLIENT_ID
        began_it = asked["code_challenge"] == urlsafe_b64encode(digest).rstrip(b"=").decode()
        if self.refuses_codes or not is_the_client or not began_it or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        return {
            "access_token": self.token(person.subject, scope=person.scope),
            "id_token": self.token(person.subject, aud=CLIENT_ID, scope=None, nonce=asked["nonce"]),
            "token_type": "Bearer",
            "expires_in": 60,
        }

    def _sign_out(self, asked: dict[str, str]) -> str:
        claims = jwt.decode(asked["id_token_hint"], options={"verify_signature": False})
        self.signed_out.append(claims["sub"])
        return asked["post_logout_redirect_uri"]

    @contextmanager
    def hanging(self) -> Iterator[threading.Event]:
        """Answer no request during the block; the event is set when a request arrives."""
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

from __future__ import annotations

import base64
import contextlib
import json
import stat
from pathlib import Path

import jwt

from blurline.access.tokens import LOCAL_AUDIENCE, LOCAL_ISSUER, InvalidToken, LocalIssuer, Scope

_FAR = 4_000_000_000


def test_a_token_carries_subject_and_scopes(tmp_path: Path) -> None:
    token = LocalIssuer(tmp_path).issue("ann", [Scope.SUBMIT], 60)
    identity = LocalIssuer(tmp_path).verify(token)
    assert identity.subject == "ann"
    assert identity.scopes == {"submit"}
    assert not identity.sees_everything


def test_the_key_is_private(tmp_path: Path) -> None:
    LocalIssuer(tmp_path)
    assert stat.S_IMODE((tmp_path / "issuer_key.pem").stat().st_mode) == 0o600


def _unsigned(claims: dict[str, object]) -> str:
    parts = [{"alg": "none", "typ": "JWT"}, claims]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


def test_wrong_tokens_are_refused(tmp_path: Path) -> None:
    issuer = LocalIssuer(tmp_path / "ours")
    claims = {"iss": LOCAL_ISSUER, "aud": LOCAL_AUDIENCE, "sub": "eve", "scope": "operate", "nbf": 0, "exp": _FAR}
    key = issuer._key
    wrong = {
        "expired": issuer.issue("eve", [Scope.OPERATE], -60),
        "another key": LocalIssuer(tmp_path / "theirs").issue("eve", [Scope.OPERATE], 60),
        "unsigned": _unsigned(claims),
        "symmetric": jwt.encode(claims, "x" * 64, algorithm="HS256"),
        "audience": jwt.encode(claims | {"aud": "other"}, key, algorithm="EdDSA"),
        "issuer": jwt.encode(claims | {"iss": "other"}, key, algorithm="EdDSA"),
        "no expiry": jwt.encode({k: v for k, v in claims.items() if k != "exp"}, key, algorithm="EdDSA"),
        "not yet": jwt.encode(claims | {"nbf": _FAR - 1}, key, algorithm="EdDSA"),
        "garbage": "a.b.c",
    }
    for name, token in wrong.items():
        accepted = None
        with contextlib.suppress(InvalidToken):
            accepted = issuer.verify(token)
        assert accepted is None, name

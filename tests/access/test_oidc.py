"""Tokens of an OpenID Connect issuer whose keys rotate."""

from __future__ import annotations

import base64
import concurrent.futures
import hmac
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from blurline.access.oidc import IssuerUnavailable, OidcIssuer
from blurline.access.tokens import InvalidToken, Scope
from blurline.errors import ConfigurationError
from tests.access.oidc_provider import AUDIENCE, Provider
from tests.waiting import TIMEOUT_S


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider().serving() as provider:
        provider.rotate("first")
        yield provider


def _issuer(provider: Provider, claim: str = "scope", pause_s: float = 0) -> OidcIssuer:
    return OidcIssuer(provider.issuer, AUDIENCE, claim, pause_s)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_tokens_of_each_kind_of_key_are_accepted(provider: Provider, algorithm: str) -> None:
    provider.rotate("k", algorithm)
    identity = _issuer(provider).verify(provider.token("auth0|7", scope="openid submit review", name="Ann"))
    assert identity.owner == f"{provider.issuer}#auth0|7"
    assert (identity.subject, identity.name) == ("auth0|7", "Ann")
    assert identity.scopes == {Scope.SUBMIT, Scope.REVIEW}


def test_a_rotated_key_is_fetched_and_a_withdrawn_one_refused(provider: Provider) -> None:
    issuer = _issuer(provider)
    old = provider.token()
    issuer.verify(old)
    provider.rotate("second", "ES256", keep=True)
    issuer.verify(provider.token())
    issuer.verify(old)
    provider.rotate("third")
    issuer.verify(provider.token())
    with pytest.raises(InvalidToken, match="does not publish"):
        issuer.verify(old)


def test_unknown_keys_do_not_cause_repeated_fetches(provider: Provider) -> None:
    issuer = _issuer(provider, pause_s=60)
    issuer.verify(provider.token())
    forged = jwt.encode(provider.claims(), "x" * 64, algorithm="HS256", headers={"kid": "unknown"})
    for _ in range(20):
        with pytest.raises(InvalidToken):
            issuer.verify(forged)
    assert provider.fetches == 1


def test_known_keys_stay_valid_while_the_issuer_is_unavailable(provider: Provider) -> None:
    issuer = _issuer(provider)
    provider.is_down = True
    with pytest.raises(IssuerUnavailable):
        issuer.verify(provider.token())
    provider.is_down = False
    issuer.verify(provider.token())
    provider.is_down = True
    issuer.verify(provider.token())
    provider.rotate("second")
    with pytest.raises(InvalidToken):
        issuer.verify(provider.token())


@pytest.mark.parametrize(
    ("claim", "claims"),
    [
        ("scp", {"scp": ["submit", "review"]}),
        ("permissions", {"permissions": ["review", "submit", "else"]}),
        ("realm_access.roles", {"realm_access": {"roles": ["submit", "review"]}}),
    ],
)
def test_scopes_are_read_from_the_claim_that_is_set(provider: Provider, claim: str, claims: dict[str, Any]) -> None:
    token = provider.token(scope=None, **claims)
    assert _issuer(provider, claim).verify(token).scopes == {Scope.SUBMIT, Scope.REVIEW}
    assert _issuer(provider).verify(token).scopes == set()


def test_wrong_tokens_are_refused(provider: Provider) -> None:
    issuer, claims = _issuer(provider), provider.claims()
    key = provider.private_key("first")
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    with Provider().serving() as other:
        other.rotate("first")
        theirs = jwt.encode(claims, other.private_key("first"), algorithm="RS256", headers={"kid": "first"})
    kid = {"kid": "first"}
    wrong = {
        "expired": provider.token(exp=int(time.time()) - 60),
        "no expiry": provider.token(exp=None),
        "not yet": provider.token(nbf=int(time.time()) + 600),
        "audience": provider.token(aud="another"),
        "no audience": provider.token(aud=None),
        "issuer": provider.token(iss="https://elsewhere.example"),
        "no subject": provider.token(sub=None),
        "empty subject": provider.token(sub=""),
        "another key": theirs,
        "another algorithm": jwt.encode(claims, key, algorithm="RS512", headers=kid),
        "symmetric with the public key": _hmac_signed(claims, public),
        "unsigned": jwt.encode(claims, "", algorithm="none", headers=kid),
        "key of its own": jwt.encode(
            claims, "x" * 64, algorithm="HS256", headers={**kid, "jku": "https://evil.example/keys"}
        ),
    }
    for name, token in wrong.items():
        try:
            issuer.verify(token)
        except InvalidToken:
            continue
        pytest.fail(f"{name} was accepted")


def _hmac_signed(claims: dict[str, Any], secret: bytes) -> str:
    """A forged token, built by hand because the library refuses a public key as a secret."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "kid": "first"}, claims)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(secret, text, "sha256")).rstrip(b"=")
    return b".".join((text, signature)).decode()


def test_an_issuer_without_tls_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        OidcIssuer("http://issuer.example", AUDIENCE, "scope")


def test_a_hanging_issuer_does_not_delay_tokens_of_known_keys(provider: Provider) -> None:
    issuer = _issuer(provider, pause_s=0)
    token = provider.token()
    issuer.verify(token)
    forged = jwt.encode(provider.claims(), "x" * 64, algorithm="HS256", headers={"kid": "unknown"})
    with provider.hanging() as is_asked, ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(issuer.verify, forged) for _ in range(8)]
        assert is_asked.wait(TIMEOUT_S)
        assert issuer.verify(token).subject == "ann"
        done, _ = concurrent.futures.wait(waiting, timeout=TIMEOUT_S, return_when="FIRST_COMPLETED")
        assert done
    assert all(isinstance(each.exception(), (IssuerUnavailable, InvalidToken)) for each in waiting)


def test_keys_are_fetched_again_when_they_are_old(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = _issuer(provider)
    old = provider.token()
    issuer.verify(old)
    provider.rotate("second")
    issuer.verify(old)
    monkeypatch.setattr("blurline.access.oidc._FRESH_S", 0)
    with pytest.raises(InvalidToken):
        issuer.verify(old)


@pytest.mark.parametrize("forged_as", ["ES256", "EdDSA", "RS512"])
def test_a_key_without_an_algorithm_accepts_only_algorithms_of_its_type(provider: Provider, forged_as: str) -> None:
    provider.is_silent_about_algorithms = True
    issuer = _issuer(provider)
    issuer.verify(provider.token())
    header = {"alg": forged_as, "kid": "first"}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, provider.claims())]
    with pytest.raises(InvalidToken):
        issuer.verify(b".".join([*parts, b"A" * 86]).decode())


def test_a_token_that_expires_in_the_far_future_is_accepted(provider: Provider) -> None:
    assert _issuer(provider).verify(provider.token(exp=10**15)).expires_at.year == 9999

"""The OpenID Connect issuer, where one is set: whether it publishes keys that can check its tokens."""

from __future__ import annotations

from collections.abc import Iterator

from blurline.access.oidc import IssuerUnavailable, OidcIssuer
from blurline.settings import Settings
from deployments.doctor.result import Finding, error, ok


def issuer(settings: Settings) -> Iterator[Finding]:
    """See the module."""
    if settings.oidc_issuer is None:
        return
    issuer = OidcIssuer(settings.oidc_issuer, settings.oidc_audience, settings.oidc_scopes_claim)
    try:
        keys = issuer.fetch_keys()
    except IssuerUnavailable as problem:
        yield error(
            "issuer.keys",
            str(problem),
            "Correct BLURLINE_OIDC_ISSUER (it must read as in its tokens' `iss`), or see that this machine reaches it.",
        )
        return
    if keys == 0:
        yield error(
            "issuer.keys",
            f"{issuer.name} publishes no key that can check a token.",
            "Have it sign with RSA, EC or Ed25519 keys; those with a shared secret are not accepted.",
        )
    else:
        yield ok("issuer.keys", f"{issuer.name} publishes {keys} keys that can check tokens.")

"""The OpenID Connect issuer, if set: whether it publishes keys that verify its tokens."""

from __future__ import annotations

from collections.abc import Iterator

from blurline.access.oidc import IssuerUnavailable, OidcIssuer
from blurline.settings import Settings
from deployments.doctor.result import Finding, error, ok


def issuer(settings: Settings) -> Iterator[Finding]:
    """Check the issuer."""
    if settings.oidc.issuer is None:
        return
    issuer = OidcIssuer(settings.oidc.issuer, settings.oidc.audience, settings.oidc.scopes_claim)
    try:
        keys = issuer.fetch_keys()
    except IssuerUnavailable as problem:
        yield error(
            "issuer.keys",
            str(problem),
            "Correct BLURLINE_OIDC_ISSUER (it must equal `iss` in its tokens), or make it reachable from this machine.",
        )
        return
    if keys == 0:
        yield error(
            "issuer.keys",
            f"{issuer.name} publishes no key that can verify a token.",
            "Configure it to sign with RSA, EC or Ed25519 keys; shared secrets are not accepted.",
        )
    else:
        yield ok("issuer.keys", f"{issuer.name} publishes {keys} keys that can verify tokens.")

"""Settings: whether they contradict each other, and their issuer. Unknown and invalid ones stop the command earlier."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from blurline.access.oidc import IssuerUnavailable, OidcIssuer
from blurline.settings import Settings
from deployments.doctor.result import Finding, error, ok, warning

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_BYTES_A_PIXEL = 3
_MOST_PRESIGNED_MB = 5000  # the limit of S3 for one request


def configuration(settings: Settings) -> Iterator[Finding]:
    """See the module."""
    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _sign_in,
        _addresses,
        _sizes,
        _outward,
        _prefect,
        _log_level,
    )
    found = [finding for check in checks for finding in check(settings)]
    yield from found or [ok("settings", "Every setting is known, and no settings contradict each other.")]


def issuer(settings: Settings) -> Iterator[Finding]:
    """Check the OpenID Connect issuer, if set: whether it publishes keys that verify its tokens."""
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


def _sign_in(settings: Settings) -> Iterator[Finding]:
    parts = {
        "BLURLINE_OIDC_ISSUER": settings.oidc.issuer,
        "BLURLINE_OIDC_CLIENT_SECRET": settings.oidc.client_secret,
        "BLURLINE_OIDC_CLIENT_ID": settings.oidc.client_id,
    }
    missing = [name for name, value in parts.items() if not value]
    if (settings.oidc.client_id or settings.oidc.client_secret) and missing:
        yield error(
            "settings.sign_in",
            f"Sign-in to the dashboard is incomplete: {' and '.join(missing)} is not set.",
            f"Set {' and '.join(missing)}, or none of BLURLINE_OIDC_CLIENT_ID and BLURLINE_OIDC_CLIENT_SECRET.",
        )
    elif settings.oidc.client_id and settings.dashboard.cookie_secret is None:
        yield warning(
            "settings.cookie_secret",
            "The dashboard makes a new cookie key at every start, so users must sign in again after a restart.",
            "Set BLURLINE_DASHBOARD_COOKIE_SECRET to the same value for every dashboard.",
        )
    if not settings.access.local_issuer and settings.oidc.issuer is None:
        yield error(
            "settings.issuers",
            "No token is accepted: BLURLINE_LOCAL_ISSUER is false and BLURLINE_OIDC_ISSUER is not set.",
            "Set BLURLINE_OIDC_ISSUER, or BLURLINE_LOCAL_ISSUER=true.",
        )


def _addresses(settings: Settings) -> Iterator[Finding]:
    public = settings.store.s3_public_endpoint or settings.store.s3_endpoint
    if public is None:
        return
    if settings.store.s3_public_endpoint is None and not _is_local(public):
        yield warning(
            "settings.public_endpoint",
            f"Clients upload to {public}, the store's internal address.",
            "Set BLURLINE_S3_PUBLIC_ENDPOINT to the store's address for clients, even if it is the same.",
        )
    if _is_local(public) and not _is_local(settings.api.url):
        yield warning(
            "settings.public_endpoint",
            f"The API is at {settings.api.url}, but its clients upload to {public}, which is their own machine.",
            "Set BLURLINE_S3_PUBLIC_ENDPOINT to the store's address for clients.",
        )
    for name, url in (("BLURLINE_S3_PUBLIC_ENDPOINT", public), ("BLURLINE_DASHBOARD_URL", settings.dashboard.url)):
        if urlsplit(url).scheme != "https" and not _is_local(url):
            yield warning(
                "settings.encryption",
                f"{url} is not encrypted: photographs and tokens can be read in transit.",
                f"Serve it over TLS and set {name} to the https address.",
            )


def _sizes(settings: Settings) -> Iterator[Finding]:
    pictures, request_mb = settings.pictures, settings.requests.max_request_mb
    deadline_s = settings.scheduling.attempt_deadline_s
    decoded_mb = (pictures.resident_megapixels + pictures.max_megapixels) * _BYTES_A_PIXEL
    for is_wrong, says, remedy in (
        (
            request_mb < pictures.max_file_mb,
            f"A file may have {pictures.max_file_mb:g} MB, but a request only {request_mb:g} MB.",
            "Set BLURLINE_MAX_REQUEST_MB higher than BLURLINE_MAX_FILE_MB.",
        ),
        (
            pictures.max_file_mb > _MOST_PRESIGNED_MB,
            f"A file may have {pictures.max_file_mb:g} MB, but S3 accepts at most {_MOST_PRESIGNED_MB} MB per upload.",
            f"Lower BLURLINE_MAX_FILE_MB to {_MOST_PRESIGNED_MB} or less.",
        ),
        (
            settings.worker.memory_mb < decoded_mb,
            f"A worker process is replaced above {settings.worker.memory_mb:g} MB, but pictures alone can take "
            f"{decoded_mb:g} MB.",
            "Raise BLURLINE_WORKER_MEMORY_MB, or lower BLURLINE_MAX_MEGAPIXELS or BLURLINE_RESIDENT_MEGAPIXELS.",
        ),
        (
            deadline_s < pictures.max_decode_s,
            f"An attempt is given up after {deadline_s:g} s, but decoding alone can take {pictures.max_decode_s:g} s.",
            "Set BLURLINE_ATTEMPT_DEADLINE_S well above BLURLINE_MAX_DECODE_S.",
        ),
        (
            0 in (settings.quotas.images_per_day, settings.quotas.mb_per_day, settings.quotas.open_jobs),
            "A quota is 0, so no user can submit anything.",
            "Unset BLURLINE_QUOTA_IMAGES_PER_DAY, BLURLINE_QUOTA_MB_PER_DAY or BLURLINE_QUOTA_OPEN_JOBS, or raise it.",
        ),
    ):
        if is_wrong:
            yield warning("settings.sizes", says, remedy)


def _outward(settings: Settings) -> Iterator[Finding]:
    if settings.outbound.networks and not (settings.outbound.allow_urls or settings.outbound.allow_webhooks):
        yield warning(
            "settings.outbound",
            "BLURLINE_OUTBOUND_NETWORKS is set, but outbound requests are disabled.",
            "Set BLURLINE_ALLOW_URLS or BLURLINE_ALLOW_WEBHOOKS, or unset BLURLINE_OUTBOUND_NETWORKS.",
        )
    has_open_metrics = settings.worker.metrics_port is not None and settings.worker.metrics_token is None
    if has_open_metrics and settings.worker.metrics_host not in _LOOPBACK:
        yield warning(
            "settings.worker_metrics",
            f"Workers serve their metrics at {settings.worker.metrics_host} without authentication.",
            "Set BLURLINE_WORKER_METRICS_TOKEN, or allow access only for your Prometheus.",
        )


def _prefect(settings: Settings) -> Iterator[Finding]:
    if settings.prefect.api_key is not None and settings.prefect.api_auth_string is not None:
        yield warning(
            "settings.prefect",
            "Both PREFECT_API_KEY (Prefect Cloud) and PREFECT_API_AUTH_STRING (your own server) are set.",
            "Unset the one that does not belong to PREFECT_API_URL.",
        )


def _log_level(settings: Settings) -> Iterator[Finding]:
    if settings.log_level.upper() not in logging.getLevelNamesMapping():
        yield error(
            "settings.log_level",
            f"BLURLINE_LOG_LEVEL is {settings.log_level!r}, with which neither worker nor API can start.",
            "Set it to DEBUG, INFO, WARNING or ERROR.",
        )


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in _LOOPBACK

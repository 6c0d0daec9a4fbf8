"""Whether the dashboard's pages can upload straight to the store: what a browser asks of it before (CORS)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from blurline.settings import Settings
from deployments.doctor.result import Finding, ok, warning

_NAME = "store.browser"
_TIMEOUT_S = 10
_ALLOWED_ORIGIN = "access-control-allow-origin"


def browser_uploads(settings: Settings) -> Iterator[Finding]:
    """Ask the store as a browser does on a page of the dashboard. Without permission, files go through the dashboard.

    An address that nobody serves is reported by `store.upload`."""
    page = _origin(settings.dashboard.url)
    address = (settings.store.s3_public_endpoint or settings.store.endpoint).rstrip("/")
    bucket = settings.store.originals_bucket
    says = f"Browsers on pages of {page} cannot upload to {address}, so their files go through the dashboard"
    if page == _origin(address):
        yield ok(_NAME, f"Browsers can upload to {address}, which is the dashboard's own address.")
    elif page.startswith("https:") and address.startswith("http:"):
        yield warning(_NAME, f"{says}: a page over TLS cannot use an address without.", "Serve the store over TLS.")
    elif _is_loopback(address) and not _is_loopback(page):
        remedy = "Set BLURLINE_S3_PUBLIC_ENDPOINT to an address of the store that browsers can reach."
        yield warning(_NAME, f"{says}: the store's address is of this machine only.", remedy)
    else:
        asked = {"Origin": page, "Access-Control-Request-Method": "POST"}
        try:
            answer = httpx.options(f"{address}/{bucket}", headers=asked, timeout=_TIMEOUT_S)
        except httpx.HTTPError:
            return
        if answer.is_success and answer.headers.get(_ALLOWED_ORIGIN) in ("*", page):
            yield ok(_NAME, f"Browsers on pages of {page} can upload to {address}.")
        else:
            remedy = f"Add a CORS rule to the bucket {bucket} that allows POST from {page}."
            yield warning(_NAME, f"{says}: the store does not allow it ({answer.status_code}).", remedy)


def _origin(url: str) -> str:
    """The origin of a URL, without the usual port of its scheme."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{parts.port}" if parts.port not in (None, usual) else "")


def _is_loopback(url: str) -> bool:
    name = urlsplit(url).hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"

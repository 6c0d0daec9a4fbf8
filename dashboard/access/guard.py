"""Guards every address of the dashboard's server: its names, its own pages as the only callers, and the sign-in."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blurline.access.hosts import is_own, origin_at, own_names
from blurline.settings import Settings
from dashboard.access.session_cookies import session_of
from dashboard.access.sign_in_page import SIGN_IN, SIGN_OUT, hop_page, sign_in_page

HEALTH = "/_stcore/health"
"""Answers everybody, under any name: probes use an IP address and have no credentials."""

_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_SAFE = ("GET", "HEAD")
_ELSEWHERE = ("cross-site", "same-site")


class Guard:
    """Refuses foreign names and foreign pages. Without a provider, also whoever has no session."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._url = app, settings.dashboard.url
        self._names = own_names((self._url,), settings.access.allowed_hosts)
        self._has_provider = settings.oidc.client_id is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it here."""
        if scope["type"] not in ("http", "websocket") or scope["path"] == HEALTH:
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(HTTPConnection(scope))

        async def with_headers(message: Message) -> None:
            if message["type"].endswith("response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await (refusal or self._app)(scope, receive, with_headers)

    def _refusal(self, request: HTTPConnection) -> Response | None:
        host = request.headers.get("host", "")
        if not is_own(host, self._names):
            return PlainTextResponse(
                f"The dashboard does not answer as {host!r}. To allow this name, add it to BLURLINE_ALLOWED_HOSTS.",
                HTTPStatus.BAD_REQUEST,
            )
        if not self._is_from_own_page(request, host):
            return PlainTextResponse("Only the dashboard's own pages may do that.", HTTPStatus.FORBIDDEN)
        if self._has_provider or request.url.path in (SIGN_IN, SIGN_OUT) or session_of(request.cookies, host):
            return None
        if not _is_navigation(request):
            return PlainTextResponse(f"Sign in at {SIGN_IN} first.", HTTPStatus.UNAUTHORIZED)
        here = quote(request.url.path) + (f"?{request.url.query}" if request.url.query else "")
        if request.headers.get("sec-fetch-site") in _ELSEWHERE:  # a link in an e-mail: the browser left out the cookie
            return hop_page(here)
        return sign_in_page(here, status=HTTPStatus.UNAUTHORIZED)

    def _is_from_own_page(self, request: HTTPConnection, host: str) -> bool:
        """Whether the request comes from one of our pages, or only opens one.

        An own page has exactly the origin at which the request arrives: scheme, name and port.
        """
        origin = request.headers.get("origin")
        if request.scope["type"] == "websocket" or request.scope["method"] not in _SAFE:
            return origin == origin_at(host, self._url)
        is_elsewhere = request.headers.get("sec-fetch-site") in _ELSEWHERE
        return origin in (None, origin_at(host, self._url)) and (not is_elsewhere or _is_navigation(request))


def _is_navigation(request: HTTPConnection) -> bool:
    """Whether a browser opens a page."""
    if request.scope["type"] != "http" or request.scope["method"] not in _SAFE:
        return False
    mode = request.headers.get("sec-fetch-mode", "navigate")
    return mode == "navigate" and "text/html" in request.headers.get("accept", "")

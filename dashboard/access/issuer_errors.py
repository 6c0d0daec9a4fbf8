"""Shows why a sign-in at the OpenID Connect issuer failed. Streamlit only logs it and opens the first page again."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.access.sign_in_page import issuer_error_page

_LOGIN, _CALLBACK = "/auth/login", "/oauth2callback"
_USER_COOKIE = "_streamlit_user="
_NOT_REACHED = (
    "The issuer did not respond as expected, or it does not know this dashboard. The log of the dashboard says why. "
    "An operator checks BLURLINE_OIDC_ISSUER, BLURLINE_OIDC_CLIENT_ID and BLURLINE_OIDC_CLIENT_SECRET."
)


class IssuerErrors:
    """Shows a page for a callback with an error of the issuer, and for a sign-in that Streamlit has given up."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it here."""
        if scope["type"] != "http" or not scope["path"].endswith((_LOGIN, _CALLBACK)):
            await self._app(scope, receive, send)
            return
        asked = HTTPConnection(scope).query_params
        if scope["path"].endswith(_CALLBACK) and not {"code", "error"} & asked.keys():  # after a sign-out
            await self._app(scope, receive, send)
            return
        if error := asked.get("error"):
            page = issuer_error_page(asked.get("error_description") or error)
            await page(scope, receive, send)
            return
        is_replaced = False

        async def unless_given_up(message: Message) -> None:
            nonlocal is_replaced
            if message["type"] == "http.response.start" and _is_given_up(scope["path"], message):
                is_replaced = True
                await issuer_error_page(_NOT_REACHED)(scope, receive, send)
            if not is_replaced:
                await send(message)

        await self._app(scope, receive, unless_given_up)


def _is_given_up(path: str, start: Message) -> bool:
    """Whether Streamlit sends the browser back to the first page, neither to the issuer nor signed in."""
    headers = Headers(raw=list(start["headers"]))
    location = headers.get("location", "")
    if not 300 <= start["status"] < 400 or not location.startswith("/"):
        return bool(start["status"] >= 400)
    return path.endswith(_LOGIN) or not any(map(_is_user, headers.getlist("set-cookie")))


def _is_user(cookie: str) -> bool:
    """Whether a cookie that is set says who signed in. Where Streamlit gives up, it sets an empty one."""
    return cookie.startswith(_USER_COOKIE) and bool(cookie[len(_USER_COOKIE) :].partition(";")[0].strip('"'))

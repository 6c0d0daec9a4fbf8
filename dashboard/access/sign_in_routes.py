"""The addresses at which users sign in with a one-time link or a token, and sign out."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from blurline.access.tokens import InvalidToken
from blurline.client import ApiError, Client
from blurline.errors import BlurlineError, RetryableError
from blurline.settings import load_settings
from dashboard.access.session_cookies import MOST_TOKEN_BYTES, cookie_name, is_secure, session_cookies, session_of
from dashboard.access.sign_in_page import SIGN_IN, SIGN_OUT, hop_page, own_path, sign_in_page

_MOST_FORM_BYTES = 65_536
_PATIENCE_S = 5
_WORD = re.compile(rf"[A-Za-z0-9._~+/=-]{{1,{MOST_TOKEN_BYTES}}}")  # what a header can carry as a bearer token


async def _sign_in(request: Request) -> Response:
    """Show the form, or sign in with the code of a link or the form's token."""
    if request.method == "POST":
        form = await _form(request)
        following = own_path(form.get("next", "/"))
        return await run_sync(_with_token, request, form.get("token", "").strip(), following)
    if code := request.query_params.get("code"):
        return await run_sync(_with_code, request, code)
    return sign_in_page()


def _with_code(request: Request, code: str) -> Response:
    try:
        with _client(code) as client:
            token = client.redeem_link().token
        cookie, valid_s = _begin(token)
    except BlurlineError as error:
        said = str(error) if isinstance(error, ApiError) else _shown(error)
        return sign_in_page(error=said, status=HTTPStatus.UNAUTHORIZED)
    return _signed_in(request, hop_page("/"), cookie, valid_s)


def _with_token(request: Request, token: str, following: str) -> Response:
    try:
        cookie, valid_s = _begin(token)
    except BlurlineError as error:
        return sign_in_page(following, _shown(error), HTTPStatus.UNAUTHORIZED)
    return _signed_in(request, RedirectResponse(following, HTTPStatus.SEE_OTHER), cookie, valid_s)


def _begin(token: str) -> tuple[str, int]:
    """Check a token with the API. Return its session's cookie and how long that is valid. Raises BlurlineError."""
    with _client(token) as client:
        return session_cookies().begin(token, client.me().expires_at.timestamp())


def _client(token: str) -> Client:
    """A client with a token, or with the code of a link. Raises InvalidToken."""
    if not _WORD.fullmatch(token):
        raise InvalidToken("The text is not a token or the code of a link.")
    return Client(load_settings().api.url, token, patience_s=_PATIENCE_S)


def _signed_in(request: Request, response: Response, cookie: str, valid_s: int) -> Response:
    host = request.headers["host"]
    response.set_cookie(
        cookie_name(host), cookie, max_age=valid_s, path="/", secure=is_secure(host), httponly=True, samesite="strict"
    )
    return response


def _sign_out(request: Request) -> Response:
    """End the session and show the form again."""
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return PlainTextResponse("Only the dashboard's own pages may do that.", HTTPStatus.FORBIDDEN)
    host = request.headers["host"]
    if session := session_of(request.cookies, host):
        session_cookies().end(session)
    response = RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
    response.delete_cookie(cookie_name(host), path="/", secure=is_secure(host), httponly=True, samesite="strict")
    return response


async def _form(request: Request) -> dict[str, str]:
    """The fields of a small form. It comes from strangers, so a larger one is not read."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_FORM_BYTES:
            return {}
    return {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}


def _shown(error: BlurlineError) -> str:
    if isinstance(error, ApiError) and error.status == HTTPStatus.FORBIDDEN:
        return str(error)
    if isinstance(error, RetryableError):
        return "Blurline does not respond at the moment. Try again soon."
    return "The token is not valid or has expired. Ask your operator for a new one."


ROUTES = (Route(SIGN_IN, _sign_in, methods=["GET", "POST"]), Route(SIGN_OUT, _sign_out))
"""The routes of the sign-in, for the dashboard's server."""

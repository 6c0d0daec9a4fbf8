"""Sign-in: the token with which the dashboard calls the API for a browser's user."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NoReturn

import streamlit as st

from blurline.access.tokens import LocalIssuer, Scope
from blurline.client import Token
from blurline.settings import Settings, load_settings

LOCAL_USER = "operator"
"""The user of a browser on the same machine, as for `blurline token` and `blurline submit`."""

_TOKEN_TTL_S = 3600
_FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")


def sign_in() -> Token:
    """The token of the browser's user. Stops the page with an explanation if nobody is signed in."""
    settings = load_settings()
    if settings.oidc.client_id:
        return _token_of_provider()
    if not settings.access.local_issuer:
        _refuse("Sign-in is not set up, and Blurline accepts only tokens from its OpenID Connect issuer.")
    if not _is_same_machine():
        _refuse("Sign-in is not set up, so the dashboard is available only to a browser on its own machine.")
    return _local_token(settings)


def show_sign_out() -> None:
    """Show a button to sign out, if sign-in is set up."""
    if load_settings().oidc.client_id and st.button("Sign out", icon=":material/logout:", type="tertiary"):
        st.logout()


def show_sign_in_again() -> None:
    """Show a button to sign in again after a token has expired."""
    if load_settings().oidc.client_id:
        st.button("Sign in again", on_click=st.login, type="primary")


def _token_of_provider() -> str:
    if not st.user.is_logged_in:
        st.title("Blurline")
        st.write("Blurline destroys the faces in photographs before anyone publishes them.")
        st.button("Sign in", on_click=st.login, type="primary", icon=":material/login:")
        st.stop()
    return str(st.user.tokens["access"])


def _local_token(settings: Settings) -> Token:
    issuer = LocalIssuer(settings.home)
    return lambda: issuer.issue(LOCAL_USER, list(Scope), _TOKEN_TTL_S)


def _is_same_machine() -> bool:
    """Whether the server listens on loopback only and the browser is on this machine, not behind a proxy.

    Streamlit reports no address for a browser on the same machine.
    """
    is_forwarded = any(name in st.context.headers for name in _FORWARDING)
    return _is_loopback(st.get_option("server.address")) and st.context.ip_address is None and not is_forwarded


def _is_loopback(address: str | None) -> bool:
    try:
        return address == "localhost" or ip_address(address or "").is_loopback
    except ValueError:
        return False


def _refuse(why: str) -> NoReturn:
    st.title("Blurline")
    st.warning(
        f"{why} To enable sign-in, set `BLURLINE_OIDC_ISSUER`, `BLURLINE_OIDC_CLIENT_ID` and "
        "`BLURLINE_OIDC_CLIENT_SECRET`.",
        icon=":material/lock:",
    )
    st.stop()

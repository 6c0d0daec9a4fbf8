"""Sign-in: the token with which the dashboard calls the API for a browser's user.

With a provider (OpenID Connect), Streamlit signs users in. Otherwise `dashboard.access.guard` lets only browsers with a
session's cookie reach Streamlit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import streamlit as st

from blurline.settings import load_settings
from dashboard.access.session_cookies import session_of
from dashboard.access.sign_in_page import SIGN_IN, SIGN_OUT

_PROVIDER_COOKIE = "_streamlit_user"  # with a number after it where one cookie is too small


def sign_in() -> str:
    """The token of the browser's user. Stops the page with a way to sign in if nobody is signed in."""
    token = current_token()
    if token is None:
        st.title("Blurline")
        st.write("Blurline destroys the faces in photographs before anyone publishes them.")
        if _has_provider():
            st.button("Sign in", on_click=st.login, type="primary", icon=":material/login:")
        else:
            _link("Sign in", SIGN_IN)
        st.stop()
    return token


def current_token() -> str | None:
    """The token of the browser's user; None if nobody is signed in, or no longer."""
    if _has_provider():
        return str(st.user.tokens["access"]) if st.user.is_logged_in else None
    session = session_of(st.context.cookies, st.context.headers.get("Host", ""))
    return session.token if session else None


def browser_of(cookies: Mapping[str, str], host: str) -> str | None:
    """An id of the browser session behind a request, from its cookies; None if nobody is signed in there."""
    if not _has_provider():
        session = session_of(cookies, host)
        return session.id if session else None
    of_user = sorted(f"{name}={value}" for name, value in cookies.items() if name.startswith(_PROVIDER_COOKIE))
    return hashlib.sha256("; ".join(of_user).encode()).hexdigest() if of_user else None


def show_sign_out() -> None:
    """Show a way to sign out."""
    if not _has_provider():
        _link("Sign out", SIGN_OUT)
    elif st.button("Sign out", icon=":material/logout:", type="tertiary"):
        st.logout()


def show_sign_in_again() -> None:
    """Show a way to sign in again after a token has expired."""
    if _has_provider():
        st.button("Sign in again", on_click=st.login, type="primary")
    else:
        _link("Sign in again", SIGN_IN)


def _has_provider() -> bool:
    return load_settings().oidc.client_id is not None


def _link(label: str, path: str) -> None:
    """Show a link to an address that Streamlit does not serve. Its own links would open another tab."""
    st.html(f'<a href="{path}" target="_self" style="color: inherit; font-size: 0.875rem">{label}</a>')

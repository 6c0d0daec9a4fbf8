"""The session of one browser: a client of the API, and its user."""

from __future__ import annotations

import streamlit as st

from blurline.access.tokens import Scope
from blurline.client import Client, Token
from blurline.contract import Me
from blurline.errors import DatabaseUnavailable
from blurline.settings import load_settings

_PATIENCE_S = 0.5
_ALIVE_WITHIN_S = 3
_CLIENT, _ME = "client", "me"


def begin(token: Token) -> None:
    """Create the session's client and look up its user, once. Raises the errors of `Client.me`.

    An API or a database that hangs is noticed within seconds: a page without an answer would stay white.
    """
    if _CLIENT not in st.session_state:
        st.session_state[_CLIENT] = Client(load_settings().api.url, token, patience_s=_PATIENCE_S)
    client().check_alive(_ALIVE_WITHIN_S)
    if _ME not in st.session_state:
        unanswered = client().health().messages.get("database")
        if unanswered is not None:
            raise DatabaseUnavailable(unanswered)
        st.session_state[_ME] = client().me()


def client() -> Client:
    """The session's client of the API."""
    found: Client = st.session_state[_CLIENT]
    return found


def me() -> Me:
    """The session's user, as looked up when the session began."""
    found: Me = st.session_state[_ME]
    return found


def may(scope: Scope) -> bool:
    """Whether the user's token has the scope."""
    return scope in me().scopes


def sees_everything() -> bool:
    """Whether the user can view the jobs of all owners."""
    return may(Scope.REVIEW) or may(Scope.OPERATE)

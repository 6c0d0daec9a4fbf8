"""The session of one browser: a client of the API, and its user."""

from __future__ import annotations

import time

import streamlit as st

from blurline.access.tokens import InvalidToken, Scope
from blurline.client import Client
from blurline.contract import Me
from blurline.errors import DatabaseUnavailable
from blurline.settings import load_settings
from dashboard.access.sign_in import current_token

_PATIENCE_S = 0.5
_ALIVE_WITHIN_S = 3
_ALIVE_FOR_S = 2
KEPT = "kept-"
"""How the keys of fields begin whose input is kept while the user looks at another page."""

_TOKEN, _CLIENT, _ME, _ALIVE_UNTIL_S = "token", "client", "me", "alive-until"


def begin(token: str) -> None:
    """Create the session's client and look up its user, once. Raises the errors of `Client.me`.

    An API or a database that hangs is noticed within seconds: the page of a new session would stay white.
    """
    if st.session_state.get(_TOKEN) != token:
        _close()
        st.session_state[_TOKEN] = token
        st.session_state[_CLIENT] = Client(load_settings().api.url, token, patience_s=_PATIENCE_S)
    api = client()  # also of a session that has begun: a hung API is then noticed where the page recovers from it
    if _ME not in st.session_state:
        unanswered = api.health().messages.get("database")
        if unanswered is not None:
            raise DatabaseUnavailable(unanswered)
        st.session_state[_ME] = api.me()


def keep_fields() -> None:
    """Keep the input of fields that the present page does not show: Streamlit drops that of others."""
    for key in st.session_state:
        if str(key).startswith(KEPT):
            st.session_state[key] = st.session_state[key]


def clear_fields() -> None:
    """Drop the input that `keep_fields` keeps."""
    for key in [key for key in st.session_state if str(key).startswith(KEPT)]:
        del st.session_state[key]


def client() -> Client:
    """The session's client of the API, which answered a moment ago: nobody looks at an old page until a hung one times
    out. Raises InvalidToken after the user has signed out, and ApiUnreachable.
    """
    if current_token() is None:
        raise InvalidToken("Your sign-in has expired.")
    found: Client = st.session_state[_CLIENT]
    if time.monotonic() > st.session_state.get(_ALIVE_UNTIL_S, 0):
        found.check_alive(_ALIVE_WITHIN_S)
        st.session_state[_ALIVE_UNTIL_S] = time.monotonic() + _ALIVE_FOR_S
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


def _close() -> None:
    """Keep nothing of another user."""
    if _CLIENT in st.session_state:
        st.session_state[_CLIENT].close()
    st.session_state.clear()

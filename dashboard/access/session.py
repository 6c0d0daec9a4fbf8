"""What one browser's session holds: a client of the API, and who it is for."""

from __future__ import annotations

import streamlit as st

from blurline.access.tokens import Scope
from blurline.client import Client, Token
from blurline.contract import Me
from blurline.settings import load_settings

_PATIENCE_S = 0.5
_CLIENT, _ME = "client", "me"


def begin(token: Token) -> None:
    """Have a client for whom the token is for, unless there is one. Raises what `Client.me` raises."""
    if _CLIENT not in st.session_state:
        st.session_state[_CLIENT] = Client(load_settings().api_url, token, patience_s=_PATIENCE_S)
    if _ME not in st.session_state:
        st.session_state[_ME] = client().me()


def client() -> Client:
    """The API, for whoever is at the browser."""
    found: Client = st.session_state[_CLIENT]
    return found


def me() -> Me:
    """Who that is, as it was when the session began."""
    found: Me = st.session_state[_ME]
    return found


def may(scope: Scope) -> bool:
    """Whether their token allows that."""
    return scope in me().scopes


def sees_everything() -> bool:
    """Whether they see the jobs of all owners."""
    return may(Scope.REVIEW) or may(Scope.OPERATE)

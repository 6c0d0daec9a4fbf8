"""What goes wrong, as a sentence on the page; never a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus

import streamlit as st

from blurline.client import ApiError, Token
from blurline.errors import BlurlineError, RetryableError
from dashboard.access.session import begin, client
from dashboard.access.sign_in import offer_to_sign_in_again
from dashboard.states import plain

AWAY = "Blurline does not answer at the moment. This page goes on by itself as soon as it does."
_LOOK_AGAIN_S = 2


@contextmanager
def stating_problems() -> Iterator[None]:
    """State what goes wrong in the block. For fragments that run again by themselves, and for actions."""
    try:
        yield
    except BlurlineError as error:
        state(error)


@contextmanager
def recovering(token: Token) -> Iterator[None]:
    """State what goes wrong in the block, the whole page, and run it again once the API answers."""
    try:
        yield
    except BlurlineError as error:
        state(error)
        if isinstance(error, RetryableError):
            _run_again_when_it_answers(token)


def state(error: BlurlineError) -> None:
    """One sentence, and what finds the request in the operator's log."""
    if isinstance(error, ApiError) and error.status == HTTPStatus.UNAUTHORIZED:
        st.warning("Your sign-in has expired.", icon=":material/lock_clock:")
        offer_to_sign_in_again()
    elif isinstance(error, RetryableError):
        st.warning(AWAY, icon=":material/cloud_off:")
    else:
        st.error(plain(str(error)), icon=":material/error:")
        if isinstance(error, ApiError) and error.request_id:
            st.caption(f"Request {error.request_id}")


@st.fragment(run_every=_LOOK_AGAIN_S)
def _run_again_when_it_answers(token: Token) -> None:
    with suppress(BlurlineError):
        begin(token)
        client().me()
        st.rerun()

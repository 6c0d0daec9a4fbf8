"""Errors as sentences on the page, never as a stack trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus

import streamlit as st

from blurline.access.tokens import InvalidToken
from blurline.client import ApiError
from blurline.errors import BlurlineError, RetryableError
from dashboard.access.session import begin, client
from dashboard.access.sign_in import show_sign_in_again
from dashboard.states import plain

AWAY = "Blurline does not respond at the moment. This page continues by itself when it does."
_LOOK_AGAIN_S = 2


@contextmanager
def stating_problems() -> Iterator[None]:
    """Show errors of the block. For actions, and for fragments that run again by themselves: nothing else would
    continue after an outage."""
    try:
        yield
    except BlurlineError as error:
        state(error)


@contextmanager
def stating_refusals() -> Iterator[None]:
    """Show errors of the block, but not those of an outage: the page recovers from it as a whole. For what it reads."""
    try:
        yield
    except RetryableError:
        raise
    except BlurlineError as error:
        state(error)


@contextmanager
def recovering(token: str) -> Iterator[None]:
    """Show errors of the block, the whole page, and run the page again once the API responds."""
    try:
        yield
    except BlurlineError as error:
        state(error)
        if isinstance(error, RetryableError):
            _run_again_when_available(token)


def state(error: BlurlineError) -> None:
    """Show an error, with the request id for the operator's log."""
    if isinstance(error, InvalidToken) or (isinstance(error, ApiError) and error.status == HTTPStatus.UNAUTHORIZED):
        st.warning("Your sign-in has expired.", icon=":material/lock_clock:")
        show_sign_in_again()
    elif isinstance(error, RetryableError):
        st.warning(AWAY, icon=":material/cloud_off:")
    else:
        st.error(plain(str(error)), icon=":material/error:")
        if isinstance(error, ApiError) and error.request_id:
            st.caption(f"Request {error.request_id}")


@st.fragment(run_every=_LOOK_AGAIN_S)
def _run_again_when_available(token: str) -> None:
    with suppress(BlurlineError):
        begin(token)
        client().me()
        st.rerun()

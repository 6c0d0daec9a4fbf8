"""What a page shows, kept in its address: a reload, the browser's back button and a shared link keep the place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypedDict

import streamlit as st

_SEEN = "address"


class Bound(TypedDict):
    """The options of a widget whose value is in the address."""

    key: str
    on_change: Callable[..., None]
    args: tuple[Any, ...]


def in_address(name: str, parse: Callable[[str | None], Any], write: Callable[[Any], str | None] = str) -> Bound:
    """Bind a widget to a parameter of the address, in both directions.

    ``parse`` makes the widget's value of the parameter (None: it is absent), and ``write`` the reverse. A change also
    removes those of `Pages`, whose cursors belong to the former list.
    """
    said = st.query_params.get(name)
    seen: dict[str, tuple[str | None, int]] = st.session_state.setdefault(_SEEN, {})
    before, version = seen.get(name, (None, 0))
    key = f"{_SEEN}-{name}-{version}"
    if name not in seen or before != said or key not in st.session_state:
        # A new widget: a request of the browser that still has the old one's value must not change the address back.
        key = f"{_SEEN}-{name}-{version + 1}"
        st.session_state[key], seen[name] = parse(said), (said, version + 1)
    return {"key": key, "on_change": _changed, "args": (name, key, write)}


def text(said: str | None) -> str:
    """The value of a text field."""
    return said or ""


def one_of(options: Sequence[Any]) -> Callable[[str | None], Any]:
    """Parse the value of a choice: None unless it is one of the options."""
    return lambda said: next((option for option in options if option is not None and str(option) == said), None)


def is_on(said: str | None) -> bool:
    """The value of a switch."""
    return said == "1"


def on(value: bool) -> str | None:
    """The parameter of a switch."""
    return "1" if value else None


def set_parameter(name: str, value: str | None) -> None:
    """Set a parameter of the address, or remove it."""
    if value:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def restate_fields() -> None:
    """Put the values of all fields of the page into the address: a callback of whatever stands beside such fields.

    A user may act again before the browser has the address of the last change, and then sends the older one.
    """
    for name, (said, version) in st.session_state.get(_SEEN, {}).items():
        if f"{_SEEN}-{name}-{version}" in st.session_state:
            set_parameter(name, said)


def remove_parameters(*names: str) -> None:
    """Remove parameters from the address, and forget the values of their fields."""
    seen: dict[str, tuple[str | None, int]] = st.session_state.setdefault(_SEEN, {})
    for name in names:
        st.query_params.pop(name, None)
        if name in seen:
            seen[name] = None, seen[name][1] + 1  # no widget has this version


PAGE_PARAMETERS = ("page", "at")
"""The places in lists: `page` of a page's own list, `at` of the images of a job."""


def _changed(name: str, key: str, write: Callable[[Any], str | None]) -> None:
    value = st.session_state[key]
    said = write(value) if value is not None else None
    _, version = st.session_state[_SEEN][name]
    st.session_state[_SEEN][name] = said or None, version
    restate_fields()
    for page in PAGE_PARAMETERS:
        st.query_params.pop(page, None)

"""Fields that filter and sort images, with their values in the address."""

from __future__ import annotations

import streamlit as st

from dashboard.address import in_address, one_of, text

_DOUBTS = (30, 60, 90)  # percent
HIGH_DOUBT = 60
"""The doubt, in percent, above which a job's page asks for a look at its published images."""


def name_field(label: str) -> None:
    """A field for a part of the name."""
    st.text_input(label, type="search", placeholder="IMG_08", icon=":material/search:", **in_address("name", text))


def doubt_field() -> None:
    """A field for the doubt above which images are shown."""
    given = _percent()
    options = sorted({*_DOUBTS, *(() if given is None else (given,))})
    st.selectbox(
        "Doubt",
        options,
        format_func=lambda value: f"over {value} %",
        placeholder="Any",
        help="Estimated risk that a face is still visible in the result.",
        **in_address("doubt", one_of(options)),
    )


def name_in_address() -> str | None:
    """The part of the name that is searched for."""
    return st.query_params.get("name", "").strip() or None


def doubt_in_address() -> float | None:
    """The doubt, from 0 to 1, above which images are shown."""
    percent = _percent()
    return None if percent is None else percent / 100


def _percent() -> int | None:
    said = st.query_params.get("doubt", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 3 else None

"""Attempts that came to nothing lately, and why, in plain sentences. For operators."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from blurline.contract import FruitlessAttempts
from blurline.error_codes import ERROR_CODES

_OUTCOMES = {"retried": "Made anew", "given_up": "Given up"}


def fruitless(attempts: Sequence[FruitlessAttempts]) -> None:
    """A table of them by code, or that there are none."""
    st.subheader("Attempts that came to nothing")
    if not attempts:
        st.caption("None within the last day.")
        return
    st.dataframe(
        [
            {
                "What happened": _meaning(each.error_code),
                "Then": _OUTCOMES[each.outcome],
                "Last hour": each.last_hour,
                "Last day": each.last_day,
                "Code": each.error_code,
            }
            for each in attempts
        ],
        hide_index=True,
    )
    st.caption("Those that an image has too many of are not made anew: it fails.")


def _meaning(code: str) -> str:
    known = ERROR_CODES.get(code)
    return known.meaning if known else "An unexpected error occurred; the log has it under this code."

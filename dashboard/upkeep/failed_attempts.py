"""Recent failed attempts and their causes. For operators."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from blurline.contract import FruitlessAttempts
from dashboard.jobs.error_advice import meaning

_OUTCOMES = {"retried": "Retried", "given_up": "Given up"}


def failed_attempts(attempts: Sequence[FruitlessAttempts]) -> None:
    """Show a table of failed attempts by code."""
    st.subheader("Failed attempts")
    if not attempts:
        st.caption("None in the last day.")
        return
    st.dataframe(
        [
            {
                "What happened": meaning(each.error_code),
                "Then": _OUTCOMES[each.outcome],
                "Last hour": each.last_hour,
                "Last day": each.last_day,
                "Code": each.error_code,
            }
            for each in attempts
        ],
        hide_index=True,
    )
    st.caption("After too many failed attempts, the image fails.")

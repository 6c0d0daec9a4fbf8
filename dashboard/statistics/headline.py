"""Single numbers above the charts."""

from __future__ import annotations

import streamlit as st

from blurline.contract.statistics import MeanTime
from dashboard.states import duration

_MINUTE_S = 60


def metric(name: str, value: str, meaning: str) -> None:
    """Show a number with a help text."""
    st.metric(name, value, help=meaning, border=True)


def mean_time(time: MeanTime) -> str:
    """A mean time, such as `640 ms` or `2.9 s`."""
    if time.mean_s is None:
        return "none"
    if time.mean_s < 1:
        return f"{time.mean_s * 1000:.0f} ms"
    return f"{time.mean_s:.1f} s" if time.mean_s < _MINUTE_S else duration(time.mean_s)

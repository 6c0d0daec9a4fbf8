"""The health of each part, in words: all parts for operators, and what keeps pictures waiting for submitters."""

from __future__ import annotations

import streamlit as st

from blurline.access.tokens import Scope
from blurline.contract import Health
from blurline.errors import BlurlineError
from dashboard.access.session import client, may
from dashboard.states import plain

_NAMES = {
    "database": "Database",
    "store": "Store",
    "prefect": "Prefect",
    "dispatch": "Dispatch",
    "workers": "Workers",
    "disk": "Disk",
}
_LOOK_AGAIN_S = 5
_REFUSES = ("database", "store", "disk")
_FAILS = "Photographs cannot be submitted at the moment."
_WAITS = "Photographs are accepted, but they wait until this is repaired."


def show_parts(health: Health) -> None:
    """Show a card for each part, and a message with a remedy for each that does not do its work."""
    columns = st.columns(len(health.parts))
    for column, (part, condition) in zip(columns, health.parts.items(), strict=True):
        is_healthy = condition == "ok"
        with column.container(border=True):
            st.markdown(
                f"**{_NAMES.get(part, part)}**  \n"
                + (":green[:material/check_circle: healthy]" if is_healthy else f":red[:material/error: {condition}]")
            )
    for part, message in health.messages.items():
        st.error(f"{_NAMES.get(part, part)}: {plain(message)}", icon=":material/error:")


@st.fragment(run_every=_LOOK_AGAIN_S)
def show_delays() -> None:
    """Say why submitted photographs would be refused or would wait. The remedies are for operators."""
    try:
        health = client().health()
    except BlurlineError:
        return  # the page itself says that Blurline does not respond
    if not health.messages:
        return
    consequence = _FAILS if any(part in health.messages for part in _REFUSES) else _WAITS
    if may(Scope.OPERATE):
        details = "\n".join(f"- {_NAMES.get(part, part)}: {plain(says)}" for part, says in health.messages.items())
    else:
        details = (
            f"Affected: {', '.join(_NAMES.get(part, part).lower() for part in health.messages)}. Tell the operator."
        )
    st.warning(f"{consequence}\n\n{details}", icon=":material/cloud_off:")

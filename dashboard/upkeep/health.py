"""The health of each part, in words: all parts for operators, and what keeps pictures waiting for submitters."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from blurline.access.tokens import Scope
from blurline.contract import Health, Waiting
from blurline.errors import BlurlineError
from dashboard.access.session import client, may
from dashboard.states import counted, duration, plain

_NAMES = {
    "database": "Database",
    "store": "Store",
    "prefect": "Prefect",
    "dispatch": "Dispatch",
    "workers": "Workers",
    "disk": "Disk",
}
_WRONG = {
    "database_unavailable": "does not answer",
    "store_unavailable": "does not answer",
    "bucket_missing": "lacks a bucket",
    "database_not_writable": "accepts no writes",
    "store_not_writable": "accepts no writes",
    "prefect_unavailable": "does not answer",
    "dispatch_late": "late",
    "no_worker": "none online",
    "disk_full": "almost full",
}
_NO_PROGRESS = {"prefect": "without Prefect", "dispatch": "not dispatched", "workers": "without a worker"}
_LOOK_AGAIN_S = 5
_CARD_PX = 144
_STYLE = """<style>
[class*='st-key-part-wrong-'] { border-color: #d9534f; background: color-mix(in srgb, #d9534f 16%, transparent); }
</style>"""
_REFUSES = ("database", "store", "disk")
_FAILS = "Photographs cannot be submitted at the moment."
_WAITS = "Photographs are accepted, but they wait until this is repaired."
WAITING_WAITS = "Images that wait are processed once this is repaired."


def show_parts(health: Health) -> DeltaGenerator:
    """Show a card for each part, red if it does not do its work. Return the row, for further cards."""
    st.html(_STYLE)
    row = st.container(horizontal=True)
    with row:
        for part, condition in health.parts.items():
            wrong = None if condition == "ok" else _WRONG.get(condition, "not healthy")
            _card(part, _NAMES.get(part, part), wrong or "healthy", is_wrong=wrong is not None)
    return row


def show_queues(queues: Mapping[str, Waiting], health: Health) -> None:
    """Show a card on the images that wait, red if nobody processes them."""
    images = sum(queue.count for queue in queues.values())
    oldest_s = max((queue.oldest_age_s for queue in queues.values()), default=0)
    reasons = [part for part in _NO_PROGRESS if part in health.messages]
    if not images:
        says = "nothing waits"
    elif reasons:
        says = f"{counted(images, 'image')} waiting, {_NO_PROGRESS[reasons[0]]}"
    else:
        says = f"{counted(images, 'image')}, up to {duration(oldest_s)}"
    _card("queues", "Queues", says, is_wrong=bool(images and reasons))


def show_messages(health: Health) -> None:
    """Show a message with a remedy for each part that does not do its work."""
    for part, message in health.messages.items():
        st.error(f"{_NAMES.get(part, part)}: {plain(message)}", icon=":material/error:")


def _card(part: str, title: str, says: str, *, is_wrong: bool) -> None:
    with st.container(border=True, width=_CARD_PX, key=f"part-{'wrong' if is_wrong else 'healthy'}-{part}"):
        icon = ":red[:material/error:]" if is_wrong else ":green[:material/check_circle:]"
        st.markdown(f"{icon} **{title}**  \n{says}")


@st.fragment(run_every=_LOOK_AGAIN_S)
def show_delays(waits: str = _WAITS) -> None:
    """Say why submitted photographs would be refused or wait. The remedies are for operators."""
    try:
        health = client().health()
    except BlurlineError:
        return  # the page itself says that Blurline does not respond
    if not health.messages:
        return
    consequence = _FAILS if any(part in health.messages for part in _REFUSES) else waits
    if may(Scope.OPERATE):
        details = "\n".join(f"- {_NAMES.get(part, part)}: {plain(says)}" for part, says in health.messages.items())
    else:
        details = (
            f"Affected: {', '.join(_NAMES.get(part, part).lower() for part in health.messages)}. Tell the operator."
        )
    st.warning(f"{consequence}\n\n{details}", icon=":material/cloud_off:")

"""Filters of the images that statistics and exports cover, with their values in the address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from blurline.client import Chosen
from blurline.policy.profile import ProfileName
from dashboard.access.session import sees_everything
from dashboard.address import in_address, one_of, text
from dashboard.days import days_field
from dashboard.jobs.labels import parse_labels
from dashboard.states import IMAGE_STATES

_PERIODS = {"Last 24 hours": 1, "Last 7 days": 7, "Last 30 days": 30, "Last 90 days": 90, "Last 365 days": 365}
_CHOSEN_DAYS = "Chosen days…"
_USUAL = "Last 30 days"


def choose_images() -> Chosen:
    """The filter chosen in the widgets. Raises NotLabels."""
    columns = st.columns(5 if sees_everything() else 4)
    periods = [*_PERIODS, _CHOSEN_DAYS]
    period = columns[0].selectbox(
        "Submitted", periods, **in_address("submitted", lambda said: one_of(periods)(said) or _USUAL, _unless_usual)
    )
    state = columns[1].selectbox(
        "State",
        list(IMAGE_STATES),
        format_func=lambda state: IMAGE_STATES[state].word,
        placeholder="Any",
        **in_address("state", one_of(list(IMAGE_STATES))),
    )
    profile = columns[2].selectbox(
        "Profile", list(ProfileName), placeholder="Any", **in_address("profile", one_of(list(ProfileName)))
    )
    labels = columns[3].text_input("Label", placeholder="assignment=4711", **in_address("label", text))
    owner = (
        columns[4].text_input("Owner", placeholder="Anyone", **in_address("owner", text)) if sees_everything() else ""
    )
    since, until = days_field(columns[0], "Days", "days") if period == _CHOSEN_DAYS else _last(_PERIODS[period])
    return Chosen(since, until, owner.strip() or None, profile, state, parse_labels(labels))


def _unless_usual(period: str) -> str | None:
    return None if period == _USUAL else period


def _last(days: int) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now - timedelta(days=days), now

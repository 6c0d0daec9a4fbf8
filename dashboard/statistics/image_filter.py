"""Filters of the images that statistics and exports cover."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st

from blurline.client import Chosen
from blurline.policy.profile import ProfileName
from dashboard.access.session import sees_everything
from dashboard.jobs.labels import parse_labels
from dashboard.states import IMAGE_STATES

_PERIODS = {"Last 24 hours": 1, "Last 7 days": 7, "Last 30 days": 30, "Last 90 days": 90, "Last 365 days": 365}
_CHOSEN_DAYS = "Chosen days…"
_USUAL = "Last 30 days"


def choose_images(key: str) -> Chosen:
    """The filter chosen in the widgets. Raises NotLabels."""
    columns = st.columns(5 if sees_everything() else 4)
    periods = [*_PERIODS, _CHOSEN_DAYS]
    period = columns[0].selectbox("Submitted", periods, periods.index(_USUAL), key=f"{key}-period")
    state = columns[1].selectbox(
        "State",
        list(IMAGE_STATES),
        None,
        format_func=lambda state: IMAGE_STATES[state].word,
        placeholder="Any",
        key=f"{key}-state",
    )
    profile = columns[2].selectbox("Profile", list(ProfileName), None, placeholder="Any", key=f"{key}-profile")
    labels = columns[3].text_input("Label", placeholder="assignment=4711", key=f"{key}-labels")
    owner = columns[4].text_input("Owner", placeholder="Anyone", key=f"{key}-owner") if sees_everything() else ""
    since, until = _days(columns[0], key) if period == _CHOSEN_DAYS else _last(_PERIODS[period])
    return Chosen(since, until, owner.strip() or None, profile, state, parse_labels(labels))


def zone() -> tzinfo:
    """The browser's time zone."""
    return ZoneInfo(st.context.timezone) if st.context.timezone else UTC


def _last(days: int) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now - timedelta(days=days), now


def _days(column: st.delta_generator.DeltaGenerator, key: str) -> tuple[datetime, datetime]:
    today = datetime.now(zone()).date()
    given = column.date_input("Days", (today, today), max_value=today, key=f"{key}-days")
    days = [day for day in (given if isinstance(given, tuple) else (given,)) if isinstance(day, date)] or [today]
    return datetime.combine(days[0], time(), zone()), datetime.combine(days[-1] + timedelta(days=1), time(), zone())

"""A field for days, with its value in the address and in the browser's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.address import in_address


def zone() -> tzinfo:
    """The browser's time zone."""
    return ZoneInfo(st.context.timezone) if st.context.timezone else UTC


def days_field(place: DeltaGenerator, label: str, name: str) -> tuple[datetime, datetime]:
    """Show the field, whose value is in the parameter ``name`` of the address.

    Return the start of the first day and the end of the last; today, while none is chosen.
    """
    today = datetime.now(zone()).date()
    given = place.date_input(label, max_value=today, **in_address(name, lambda said: _parse(said, today), _written))
    days = [day for day in (given if isinstance(given, tuple) else (given,)) if isinstance(day, date)] or [today]
    return datetime.combine(days[0], time(), zone()), datetime.combine(days[-1] + timedelta(days=1), time(), zone())


def _parse(said: str | None, today: date) -> tuple[date, ...]:
    """One or two days, `2026-01-01~2026-01-31`; today if there are none. None is later than today."""
    try:
        days = sorted(date.fromisoformat(each) for each in (said or "").split("~")[:2])
    except ValueError:
        return today, today
    return tuple(min(day, today) for day in days)


def _written(days: date | tuple[date, ...]) -> str:
    return "~".join(day.isoformat() for day in (days if isinstance(days, tuple) else (days,)))

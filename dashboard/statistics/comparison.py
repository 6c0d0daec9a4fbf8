"""Two selections of images, whose figures are shown side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import streamlit as st

from blurline.client import Chosen
from blurline.policy.profile import ProfileName
from dashboard.address import in_address, one_of
from dashboard.days import days_field, zone

_BEFORE, _DAYS = "before", "days"
_WORDS: dict[str, str] = {
    _BEFORE: "The time before",
    _DAYS: "Other days…",
    **{profile: f"The profile {profile}" for profile in ProfileName},
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the selections and its title."""

    title: str
    images: Chosen


def compare_with(chosen: Chosen) -> tuple[Compared, Compared] | None:
    """Show the choice of another selection. Return both, or None while nothing is to be compared."""
    options = [each for each in _WORDS if each != chosen.profile]
    place, beside = st.columns([1, 3])
    with place:
        with_ = st.selectbox(
            "Compare with",
            options,
            format_func=_WORDS.__getitem__,
            placeholder="Nothing",
            **in_address("with", one_of(options)),
        )
    if with_ is None:
        return None
    if with_ == _BEFORE:
        other = before(chosen)
    elif with_ == _DAYS:
        since, until = days_field(beside, "Other days", "other")
        other = replace(chosen, since=since, until=until)
    else:
        other = replace(chosen, profile=ProfileName(with_))
    return Compared(_title(chosen), chosen), Compared(_title(other), other)


def before(chosen: Chosen) -> Chosen:
    """The same images in the time range of the same length before."""
    assert chosen.since is not None and chosen.until is not None
    return replace(chosen, since=chosen.since - (chosen.until - chosen.since), until=chosen.since)


def _title(chosen: Chosen) -> str:
    assert chosen.since is not None and chosen.until is not None
    return f"{chosen.profile or 'All profiles'}, {_day(chosen.since)} to {_day(chosen.until)}".capitalize()


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(zone()):%Y-%m-%d %H:%M}"

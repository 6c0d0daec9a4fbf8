"""Filters of the images that statistics and exports cover, with their values in the address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from blurline.client import Chosen
from blurline.policy.profile import ProfileName
from dashboard.access.session import sees_everything
from dashboard.address import in_address, one_of, text
from dashboard.days import days_field
from dashboard.jobs.labels import parse_labels
from dashboard.states import IMAGE_STATES
from dashboard.statistics.made_by import MadeBy

_PERIODS = {"Last 24 hours": 1, "Last 7 days": 7, "Last 30 days": 30, "Last 90 days": 90, "Last 365 days": 365}
_CHOSEN_DAYS = "Chosen days…"
_USUAL = "Last 30 days"
_RESULTS_ONLY = "Images without a result, such as failed ones, are then left out."


def choose_images(made_by: MadeBy) -> tuple[Chosen, Sequence[DeltaGenerator]]:
    """The filter chosen in the widgets, and the two or three places free beside them. Raises NotLabels."""
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
    release_place, model_place, *free = st.columns(len(columns))
    release, model = _choose_made_by(made_by, release_place, model_place)
    since, until = days_field(columns[0], "Days", "days") if period == _CHOSEN_DAYS else _last(_PERIODS[period])
    chosen = Chosen(since, until, owner.strip() or None, profile, state, parse_labels(labels), model, release)
    return chosen, free


def _choose_made_by(
    made_by: MadeBy, release_place: DeltaGenerator, model_place: DeltaGenerator
) -> tuple[str | None, str | None]:
    releases, models = made_by.releases, made_by.models
    release = release_place.selectbox(
        "Release",
        releases,
        placeholder="Any",
        help=f"The Blurline release that made the current result. {_RESULTS_ONLY}",
        **in_address("release", one_of(releases)),
    )
    model = model_place.selectbox(
        "Model",
        list(models),
        format_func=models.__getitem__,
        placeholder="Any",
        help=f"The model that made the current result, and the first digits of its SHA-256. {_RESULTS_ONLY}",
        **in_address("model", one_of(list(models))),
    )
    return release, model


def _unless_usual(period: str) -> str | None:
    return None if period == _USUAL else period


def _last(days: int) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now - timedelta(days=days), now

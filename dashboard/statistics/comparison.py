"""Two selections of images, whose figures are shown side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from streamlit.delta_generator import DeltaGenerator

from blurline.client import Chosen
from blurline.policy.profile import ProfileName
from dashboard.address import in_address, one_of
from dashboard.days import days_field, zone
from dashboard.statistics.made_by import MadeBy

_BEFORE, _DAYS = "before", "days"
_RELEASE, _MODEL = "release:", "model:"


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the selections and its title."""

    title: str
    images: Chosen


def compare_with(chosen: Chosen, made_by: MadeBy, places: Sequence[DeltaGenerator]) -> tuple[Compared, Compared] | None:
    """Show the choice of another selection in the first place, and its days in the second.

    Return both selections, or None while nothing is to be compared.
    """
    place, beside, *_ = places
    words = _words(made_by)
    options = list(words)
    with_ = place.selectbox(
        "Compare with",
        options,
        format_func=words.__getitem__,
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
    elif with_.startswith(_RELEASE):
        other = replace(chosen, made_by_version=with_.removeprefix(_RELEASE))
    elif with_.startswith(_MODEL):
        other = replace(chosen, model_sha256=with_.removeprefix(_MODEL))
    else:
        other = replace(chosen, profile=ProfileName(with_))
    return Compared(_title(chosen, made_by), chosen), Compared(_title(other, made_by), other)


def before(chosen: Chosen) -> Chosen:
    """The same images in the time range of the same length before."""
    assert chosen.since is not None and chosen.until is not None
    return replace(chosen, since=chosen.since - (chosen.until - chosen.since), until=chosen.since)


def _words(made_by: MadeBy) -> dict[str, str]:
    """The words of each choice, by its value in the address. A choice stays when the filter is set to the same."""
    profiles = {profile: f"The profile {profile}" for profile in ProfileName}
    releases = {_RELEASE + release: f"The release {release}" for release in made_by.releases}
    models = {_MODEL + sha256: f"The model {name}" for sha256, name in made_by.models.items()}
    return {_BEFORE: "The time before", _DAYS: "Other days…", **profiles, **releases, **models}


def _title(chosen: Chosen, made_by: MadeBy) -> str:
    assert chosen.since is not None and chosen.until is not None
    parts = [
        (chosen.profile or "all profiles").capitalize(),
        *([f"release {chosen.made_by_version}"] if chosen.made_by_version else []),
        *([made_by.models[chosen.model_sha256]] if chosen.model_sha256 else []),
        f"{_day(chosen.since)} to {_day(chosen.until)}",
    ]
    return ", ".join(parts)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(zone()):%Y-%m-%d %H:%M}"

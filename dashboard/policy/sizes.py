"""Fields for the sizes of faces to destroy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from blurline.policy.region import SizeLimits
from dashboard.policy.fields import FIELDS, mark_change, title_of
from dashboard.policy.regions import BOUNDS, UNITS

_EVERY = "Every size"
_NAME = "size_limits"


def size_limits_fields(base: Mapping[str, Any] | None, key: str) -> dict[str, Any] | None:
    """Show the unit, and the least and the greatest side if there is one. Return the limits."""
    unit_of = {title: unit for unit, title in UNITS.items()}
    choice = st.segmented_control(
        title_of(_NAME),
        [_EVERY, *unit_of],
        default=_EVERY if base is None else next(title for unit, title in UNITS.items() if unit == base["unit"]),
        required=True,
        key=f"{key}-unit",
        help=f"{FIELDS[_NAME]['description']} {SizeLimits.model_fields['unit'].description}",
    )
    limits = None if choice == _EVERY else _limits_fields(base or {}, str(unit_of[choice]), key)
    mark_change(limits, base, "every size" if base is None else _described(base))
    return limits


def _limits_fields(base: Mapping[str, Any], unit: str, key: str) -> dict[str, Any]:
    bounds = next(each for kind, each in BOUNDS.items() if kind == unit)
    limits: dict[str, Any] = {}
    for column, name in zip(st.columns(2), ("min_side", "max_side"), strict=True):
        is_given = base.get("unit") == unit and base.get(name) is not None
        limits[name] = column.number_input(
            f"{SizeLimits.model_fields[name].title} ({bounds.name})",
            0.0,
            bounds.most,
            float(base[name]) if is_given else (0.0 if name == "min_side" else None),
            bounds.step,
            format="%g",
            key=f"{key}-{unit}-{name}",
            help=SizeLimits.model_fields[name].description,
            placeholder="no limit",
        )
    return {"min_side": limits["min_side"] or 0.0, "max_side": limits["max_side"], "unit": unit}


def _described(base: Mapping[str, Any]) -> str:
    most = "no limit" if base["max_side"] is None else f"{base['max_side']:g}"
    return f"{base['min_side']:g} to {most} ({base['unit']})"

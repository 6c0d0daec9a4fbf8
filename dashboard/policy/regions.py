"""Fields for the regions of a policy: a row for each rectangle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from blurline.policy.region import MOST_PX, Region, Unit
from dashboard.policy.fields import FIELDS, mark_change, title_of
from dashboard.states import counted

UNITS = {Unit.RELATIVE: "Relative", Unit.PIXEL: "Pixels"}
_CORNERS = (("x1", "y1"), ("x2", "y2"))
_FIELDS = ("x1", "y1", "x2", "y2", "unit")


@dataclass(frozen=True, slots=True)
class UnitBounds:
    """The greatest value in a unit, the step of its fields, and its name in labels."""

    most: float
    step: float
    name: str


BOUNDS = {Unit.RELATIVE: UnitBounds(1.0, 0.01, "0 to 1"), Unit.PIXEL: UnitBounds(float(MOST_PX), 1.0, "px")}


def regions_fields(name: str, base: Sequence[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Show a row for each region, and a button that adds one. Return the regions; a side that is not filled in is
    missing."""
    purpose = title_of(name).removeprefix("Regions ")
    rows: list[int] = st.session_state.setdefault(_rows_key(key), list(range(len(base))))
    st.markdown(f"**{title_of(name)}**", help=str(FIELDS[name]["description"]))
    regions = []
    for number, row in enumerate(rows, start=1):
        filled = base[row] if row < len(base) else {}
        regions.append(_region_fields(f"region {number} {purpose}", filled, f"{key}-{row}", partial(_remove, key, row)))
    st.button(
        f"Add a region {purpose}",
        icon=":material/add:",
        key=f"press-{key}-add",
        on_click=_add,
        args=(key,),
        disabled=len(rows) >= int(FIELDS[name]["maxItems"]),
    )
    mark_change(regions, list(base), counted(len(base), "region") if base else "none")
    return regions


def forget_regions(key: str) -> None:
    """Forget which rows were added and removed, for a form that is shown for the first time."""
    st.session_state.pop(_rows_key(key), None)


def _region_fields(title: str, filled: dict[str, Any], key: str, remove: partial[None]) -> dict[str, Any]:
    with st.container(border=True):
        unit = st.segmented_control(
            f"Unit of {title}",
            list(UNITS),
            default=Unit(filled.get("unit", Unit.RELATIVE)),
            format_func=UNITS.__getitem__,
            required=True,
            key=f"{key}-unit",
        )
        bounds = BOUNDS[unit]
        is_given = filled.get("unit") == unit
        region: dict[str, Any] = {"unit": str(unit)}
        for corner in _CORNERS:
            for column, side in zip(st.columns(2), corner, strict=True):
                value = column.number_input(
                    f"{Region.model_fields[side].title} ({bounds.name})",
                    0.0,
                    bounds.most,
                    float(filled[side]) if is_given else None,
                    bounds.step,
                    format="%g",
                    key=f"{key}-{unit}-{side}",
                    help=Region.model_fields[side].description,
                )
                if value is not None:
                    region[side] = value
        st.button(f"Remove {title}", icon=":material/delete:", type="tertiary", key=f"press-{key}", on_click=remove)
    return {side: region[side] for side in _FIELDS if side in region}


def _add(key: str) -> None:
    rows: list[int] = st.session_state[_rows_key(key)]
    added = max([st.session_state.get(f"{key}-last", -1), *rows], default=-1) + 1
    st.session_state[f"{key}-last"] = added
    st.session_state[_rows_key(key)] = [*rows, added]


def _remove(key: str, row: int) -> None:
    rows: list[int] = st.session_state[_rows_key(key)]
    st.session_state[_rows_key(key)] = [each for each in rows if each != row]


def _rows_key(key: str) -> str:
    return f"{key}-rows"

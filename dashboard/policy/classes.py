"""Fields for classes: those of a face model, and those of the operator's other detectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from blurline.detected_class import FACE
from blurline.policy import Policy, Style
from dashboard.access.session import client
from dashboard.policy.fields import FIELDS, mark_change, title_of

_MODEL, _OTHER = "classes", "other_classes"


def model_classes_field(base: Sequence[int], key: str) -> list[int | str]:
    """Show the numbers of the model's classes. Return them; what is no number is returned as it was written."""
    given = st.multiselect(
        f"{title_of(_MODEL)} (numbers from 0)",
        sorted({0, *base}),
        list(base),
        accept_new_options=True,
        key=f"{key}-numbers",
        help=str(FIELDS[_MODEL]["description"]),
        placeholder="Type a number",
    )
    numbers: list[int | str] = [int(each) if str(each).isdecimal() else str(each) for each in given]
    mark_change(numbers, list(base), ", ".join(map(str, base)))
    return numbers


def other_classes_fields(base: Mapping[str, str] | None, key: str) -> dict[str, str] | None:
    """Show a choice of the classes that the operator's detectors find, and the style of each chosen one. Return the
    styles by class; None if the base names none either."""
    known = [each.name for each in client().classes() if each.name != FACE]
    options = sorted({*known, *(base or {})})
    if not options:
        st.caption(f"{title_of(_OTHER)}: the detectors of this installation find only faces.")
        return None
    names = st.multiselect(
        title_of(_OTHER), options, list(base or {}), key=f"{key}-names", help=str(FIELDS[_OTHER]["description"])
    )
    styles = {
        name: str(st.selectbox(f"Style of {name}", list(Style), _at(base, name), key=f"{key}-{name}")) for name in names
    }
    chosen = styles if styles or base is not None else None
    mark_change(chosen, base, ", ".join(base) if base else "none")
    return chosen


def _at(base: Mapping[str, Any] | None, name: str) -> int:
    return list(Style).index(Style((base or {}).get(name, Policy().style)))

"""Fields for the plain values of a policy, made from its schema: bounds, choices and descriptions are those of the
API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from blurline.policy import Policy

_SCHEMA = Policy.model_json_schema()
FIELDS: Mapping[str, Mapping[str, Any]] = _SCHEMA["properties"]
_STEP = 0.01


def is_structured(name: str) -> bool:
    """Whether the value is a list or an object."""
    field = FIELDS[name]
    kinds = [each.get("type", "object") for each in field.get("anyOf", [])] or [field.get("type")]
    return "array" in kinds or "object" in kinds


PLAIN = tuple(name for name in FIELDS if not is_structured(name))


def plain_field(name: str, value: Any, key: str) -> Any:
    """Show the field with its value. Return the value in it."""
    field = FIELDS[name]
    label, described = label_of(name), str(field["description"])
    if "$ref" in field:
        choices = _SCHEMA["$defs"][field["$ref"].rpartition("/")[2]]["enum"]
        return st.selectbox(label, choices, choices.index(value), key=key, help=described)
    if field.get("type") == "boolean":
        return st.toggle(label, value, key=key, help=described)
    if "type" in field:
        number = int if field["type"] == "integer" else float
        lowest, highest = number(field["minimum"]), number(field["maximum"])
        return st.slider(label, lowest, highest, number(value), key=key, help=described)
    bounds = next(each for each in field["anyOf"] if each["type"] != "null")
    if bounds["type"] == "integer":  # null stands for the least
        least = bounds["minimum"]
        chosen = st.slider(label, least, bounds["maximum"], value or least, key=key, help=described)
        return None if value is None and chosen == least else chosen
    lowest, below = float(bounds["minimum"]), float(bounds["exclusiveMaximum"])
    return st.number_input(
        label, lowest, below - _STEP, value, _STEP, key=key, help=described, placeholder="the profile's value"
    )


def label_of(name: str) -> str:
    """The field's title, and its bounds if it is a number."""
    bounds = _bounds(name)
    return f"{title_of(name)} ({bounds[0]:g} to {bounds[1]:g})" if bounds else title_of(name)


def title_of(name: str) -> str:
    """The field's title."""
    return Policy.model_fields[name].title or name


def mark_change(now: Any, before: Any, shown: str | None = None) -> None:
    """Show below a field that its value differs from that before, which ``shown`` describes."""
    if now != before:
        st.caption(f":material/edit: Changed; it was {shown or _shown(before)}.")


def _bounds(name: str) -> tuple[float, float] | None:
    """The least and greatest value of a number."""
    for kind in (FIELDS[name], *FIELDS[name].get("anyOf", ())):
        if kind.get("type") in ("number", "integer"):
            return kind["minimum"], kind.get("maximum", kind.get("exclusiveMaximum"))
    return None


def _shown(value: Any) -> str:
    return "the profile's value" if value is None else f"`{json.dumps(value)}`".replace('"', "")

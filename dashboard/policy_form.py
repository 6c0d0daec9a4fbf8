"""Forms for a policy's fields, made from its schema: bounds, choices and descriptions are those of the API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st
from pydantic import ValidationError

from blurline.policy import Policy

_SCHEMA = Policy.model_json_schema()
_FIELDS: Mapping[str, Mapping[str, Any]] = _SCHEMA["properties"]
_COLUMNS = 3
_STEP = 0.01


def policy_form(base: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    """Show every field. Return those that differ from ``base``, a whole policy; None while the input is invalid."""
    given: dict[str, Any] = {}
    simple = [name for name in _FIELDS if not _is_structured(name)]
    columns = st.columns(_COLUMNS, gap="medium")
    for at, name in enumerate(simple):
        with columns[at % _COLUMNS]:
            given[name] = _widget(name, base[name], f"{key}-{name}")
            if given[name] != base[name]:
                st.caption(f":material/edit: Changed; it was {_shown(base[name])}.")
    structured = {name: base.get(name) for name in _FIELDS if _is_structured(name)}  # some are left out if null
    text = st.text_area(
        "Regions, sizes and classes, as JSON",
        json.dumps(structured, indent=2),
        key=f"{key}-json",
        help="\n\n".join(f"**{name}**: {_FIELDS[name]['description']}" for name in structured),
    )
    try:
        policy = Policy.model_validate_json(json.dumps({**given, **json.loads(text)}))
    except ValidationError as error:
        for each in error.errors():
            st.error(f"{'.'.join(map(str, each['loc']))}: {each['msg']}.")
        return None
    except (ValueError, TypeError):
        st.error("Regions, sizes and classes are not valid JSON. See the example in the API's documentation.")
        return None
    chosen = policy.model_dump(mode="json")
    return {name: value for name, value in chosen.items() if value != base.get(name)}


def overrides_form(key: str) -> dict[str, Any]:
    """Show a choice of fields to change, except structured ones. Return their new values."""
    names = st.multiselect(
        "Change in the policy",
        [name for name in _FIELDS if not _is_structured(name)],
        format_func=_label,
        placeholder="Nothing: keep each image's policy",
        key=f"{key}-changes",
    )
    usual = Policy().model_dump(mode="json")
    columns = st.columns(_COLUMNS, gap="medium")
    changes: dict[str, Any] = {}
    for at, name in enumerate(names):
        with columns[at % _COLUMNS]:
            changes[name] = _widget(name, usual[name], f"{key}-{name}")
    return changes


def _widget(name: str, value: Any, key: str) -> Any:
    field = _FIELDS[name]
    label, described = _label(name), str(field["description"])
    if "$ref" in field:
        choices = _SCHEMA["$defs"][field["$ref"].rpartition("/")[2]]["enum"]
        return st.selectbox(label, choices, choices.index(value), key=key, help=described)
    if field.get("type") == "boolean":
        return st.toggle(label, value, key=key, help=described)
    if "type" in field:
        number = int if field["type"] == "integer" else float
        lowest, highest = number(field["minimum"]), number(field["maximum"])
        return st.slider(label, lowest, highest, number(value), key=key, help=described)
    bounds = next(each for each in field["anyOf"] if each["type"] == "number")
    lowest, below = float(bounds["minimum"]), float(bounds["exclusiveMaximum"])
    return st.number_input(
        label, lowest, below - _STEP, value, _STEP, key=key, help=described, placeholder="the profile's value"
    )


def _label(name: str) -> str:
    """The field's title, and its bounds if it is a number."""
    title, bounds = Policy.model_fields[name].title or name, _bounds(name)
    return f"{title} ({bounds[0]:g} to {bounds[1]:g})" if bounds else title


def _bounds(name: str) -> tuple[float, float] | None:
    """The least and greatest value of a number."""
    for kind in (_FIELDS[name], *_FIELDS[name].get("anyOf", ())):
        if kind.get("type") in ("number", "integer"):
            return kind["minimum"], kind.get("maximum", kind.get("exclusiveMaximum"))
    return None


def _shown(value: Any) -> str:
    return "the profile's value" if value is None else f"`{json.dumps(value)}`".replace('"', "")


def _is_structured(name: str) -> bool:
    field = _FIELDS[name]
    kinds = [each.get("type", "object") for each in field.get("anyOf", [])] or [field.get("type")]
    return "array" in kinds or "object" in kinds

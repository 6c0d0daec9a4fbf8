"""The form of a policy: a field for each of its values, marks on what differs from the base, and a preview."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from blurline.policy import Policy
from dashboard.policy.classes import model_classes_field, other_classes_fields
from dashboard.policy.fields import PLAIN, label_of, mark_change, plain_field, title_of
from dashboard.policy.preview import show_preview
from dashboard.policy.regions import forget_regions, regions_fields
from dashboard.policy.sizes import size_limits_fields

_COLUMNS = 3
_REGIONS = ("keep_regions", "always_regions")


def policy_form(base: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    """Show every field, and what the policy does to a sample picture. Return the fields that differ from ``base``, a
    whole policy; None while the input is invalid."""
    if f"{key}-{PLAIN[0]}" not in st.session_state:
        for name in _REGIONS:
            forget_regions(f"{key}-{name}")
    preview, fields = st.columns([2, 3], gap="large")
    with fields:
        given = _plain_fields(base, key) | _structured_fields(base, key)
    with preview:
        policy = _checked(given)
        if policy is None:
            return None
        show_preview(policy)
    chosen = policy.model_dump(mode="json")
    return {name: value for name, value in chosen.items() if value != base.get(name)}


def overrides_form(key: str) -> dict[str, Any]:
    """Show a choice of plain fields to change. Return their new values."""
    names = st.multiselect(
        "Change in the policy",
        PLAIN,
        format_func=label_of,
        placeholder="Nothing: keep each image's policy",
        key=f"{key}-changes",
    )
    usual = Policy().model_dump(mode="json")
    columns = st.columns(_COLUMNS, gap="medium")
    changes: dict[str, Any] = {}
    for at, name in enumerate(names):
        with columns[at % _COLUMNS]:
            changes[name] = plain_field(name, usual.get(name), f"{key}-{name}")
    return changes


def _plain_fields(base: Mapping[str, Any], key: str) -> dict[str, Any]:
    given: dict[str, Any] = {}
    columns = st.columns(2, gap="medium")
    for at, name in enumerate(PLAIN):
        with columns[at % 2]:
            value = base.get(name)  # some are left out if null
            given[name] = plain_field(name, value, f"{key}-{name}")
            mark_change(given[name], value, "one" if name == "reviewers" and value is None else None)
    return given


def _structured_fields(base: Mapping[str, Any], key: str) -> dict[str, Any]:
    given: dict[str, Any] = {name: regions_fields(name, base[name], f"{key}-{name}") for name in _REGIONS}
    given["size_limits"] = size_limits_fields(base["size_limits"], f"{key}-size_limits")
    given["classes"] = model_classes_field(base["classes"], f"{key}-classes")
    given["other_classes"] = other_classes_fields(base.get("other_classes"), f"{key}-other_classes")
    return given


def _checked(given: Mapping[str, Any]) -> Policy | None:
    """The policy, or None after what is wrong with it was shown."""
    try:
        return Policy.model_validate_json(json.dumps(given))
    except ValidationError as error:
        for sentence in dict.fromkeys(map(_sentence, error.errors())):
            st.error(sentence, icon=":material/error:")
    return None


def _sentence(error: ErrorDetails) -> str:
    """What is wrong with a field, by its title and, in a list, its number."""
    name, *within = error["loc"]
    numbered = "".join(f", number {each + 1}" for each in within if isinstance(each, int))
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "missing":  # only a side of a region can be
        message = "fill in all four sides, or remove it"
    return f"{title_of(str(name))}{numbered}: {message[:1].lower()}{message[1:]}."

"""The table of docs/policy.md."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic.fields import FieldInfo

from blurline.policy import Policy
from release.pages.tables import bounds, code, table


def policy_table() -> str:
    """All fields of a policy."""
    fields = Policy.model_fields.items()
    rows = [[code(name), _values(field), _default(field), field.description or ""] for name, field in fields]
    return table(["field", "value", "default", "meaning"], rows)


def _values(field: FieldInfo) -> str:
    kind: Any = field.annotation
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ", ".join(code(each.value) for each in kind)
    within = bounds(field)
    text = str(kind)
    for word, shown in (
        ("dict", "styles by class"),
        ("Region", "regions"),
        ("SizeLimits", "size limits"),
        ("tuple", "list of whole numbers"),
        ("bool", "`true` or `false`"),
        ("float", "number"),
        ("int", "whole number"),
    ):
        if word in text:
            return f"{shown}, {within}" if within else shown
    raise AssertionError(f"There is no word for {text}.")


def _default(field: FieldInfo) -> str:
    match field.default:
        case None:
            return "the profile's" if "float" in str(field.annotation) else "none"
        case ():
            return "none"
        case tuple(values):
            return code(list(values))
        case bool(is_on):
            return code(str(is_on).lower())
        case value:
            return code(value)

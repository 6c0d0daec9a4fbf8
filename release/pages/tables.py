"""Cells of the generated tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic.fields import FieldInfo


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def bounds(field: FieldInfo) -> str:
    """The bounds of a field's value, in words."""
    words = []
    for limit in field.metadata:
        match limit:
            case Gt(gt):
                words.append(f"over {gt}")
            case Ge(ge):
                words.append(f"at least {ge}")
            case Lt(lt):
                words.append(f"under {lt}")
            case Le(le):
                words.append(f"at most {le}")
            case MinLen(least):
                words.append(f"at least {least}")
            case MaxLen(most):
                words.append(f"at most {most}")
    return ", ".join(words)


def code(value: Any) -> str:
    """A value in code format."""
    return f"`{value}`"

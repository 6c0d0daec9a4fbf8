"""Cursors of lists: opaque to clients, and good for the list and order alone that gave them."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query

from api.http.problems import ApiProblem

Limit = Annotated[int, Query(ge=1, le=1000, description="Most items of one answer.")]
Cursor = Annotated[
    str | None, Query(max_length=500, description="`next_cursor` of the answer before, for what comes next.")
]


def next_cursor(listed: str, rows: Sequence[Any], limit: int, *at: Any) -> str | None:
    """The cursor behind the last of ``rows``, whose place is ``at``; None when there can be no more."""
    if len(rows) < limit:
        return None
    text = json.dumps([listed, *map(str, at)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parse_cursor(listed: str, cursor: str | None, *kinds: type) -> Any:
    """What a cursor of the list ``listed`` holds, as these types: None without one, a tuple when there are several.

    Raises ApiProblem.
    """
    if cursor is None:
        return None
    try:
        name, *at = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = tuple(kind(value) for kind, value in zip(kinds, at, strict=True))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        name = None
    if name != listed:
        raise ApiProblem("invalid_cursor", "The cursor is not one that this list gave for this order.")
    return values[0] if len(values) == 1 else values

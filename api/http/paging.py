"""Cursors of lists: opaque to clients, and valid only for the list and order that issued them."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query

from api.http.problems import ApiProblem

Limit = Annotated[int, Query(ge=1, le=1000, description="The maximum number of items in the response.")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the previous page.")]


def next_cursor(listed: str, rows: Sequence[Any], limit: int, *at: Any) -> str | None:
    """The cursor after the last of ``rows``, whose position is ``at``. None when this was the last page."""
    if len(rows) < limit:
        return None
    text = json.dumps([listed, *map(str, at)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parse_cursor(listed: str, cursor: str | None, *kinds: type) -> Any:
    """The position in a cursor of the list ``listed``: one value of the given type, or a tuple of several.

    Returns None without a cursor. Raises ApiProblem.
    """
    if cursor is None:
        return None
    try:
        name, *at = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = tuple(kind(value) for kind, value in zip(kinds, at, strict=True))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        name = None
    if name != listed:
        raise ApiProblem("invalid_cursor", "The cursor belongs to another list or order. Start again without a cursor.")
    return values[0] if len(values) == 1 else values

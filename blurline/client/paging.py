"""Iteration over paged lists of the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from blurline.contract import DeliveryPage, ImagePage, JobPage, UserPage

Page = TypeVar("Page", JobPage, ImagePage, UserPage, DeliveryPage)


def following(ask: Callable[[str | None], Page]) -> Iterator[Page]:
    """Yield every page, each requested with the cursor of the one before."""
    cursor = None
    while True:
        page = ask(cursor)
        yield page
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def given(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters that are not None."""
    return {name: value for name, value in parameters.items() if value is not None}

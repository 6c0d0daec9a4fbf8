"""Paging through a list of the API with its cursors. The page is in the address."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from blurline.client import ApiRefused
from dashboard.address import restate_fields

Loaded = TypeVar("Loaded")


class Pages:
    """The position in a list, in the parameter ``name`` of the address as `number.cursor`."""

    def __init__(self, name: str = "page") -> None:
        self._name = name
        number, _, cursor = st.query_params.get(name, "").partition(".")
        is_valid = number.isascii() and number.isdigit() and bool(cursor)
        self._number = int(number[:9]) if is_valid else 1
        self._cursor = cursor if is_valid else None
        kept: dict[int, str] = st.session_state.setdefault(f"pages-{name}", {})
        self._kept = kept
        if self._cursor is not None:
            kept[self._number] = self._cursor

    def load(self, ask: Callable[[str | None], Loaded]) -> Loaded:
        """The current page of the list; the first one if the address belongs to another list. Raises its errors."""
        try:
            return ask(self._cursor)
        except ApiRefused as refused:
            if refused.code != "invalid_cursor" or self._cursor is None:
                raise
            self._number, self._cursor = 1, None
            return ask(None)

    def buttons(self, shown: str, next_cursor: str | None) -> None:
        """Show buttons for the first, previous and next page, if the list has several."""
        if self._number == 1 and next_cursor is None:
            return
        before = None if self._number <= 2 else self._kept.get(self._number - 1)
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
            if self._number > 2:
                self._button("First", ":material/first_page:", 1, None)
            is_unknown = self._number == 1 or (self._number > 2 and before is None)
            self._button("Previous", ":material/chevron_left:", self._number - 1, before, is_disabled=is_unknown)
            st.markdown(f"{shown} · page {self._number}", width="content")
            self._button(
                "Next", ":material/chevron_right:", self._number + 1, next_cursor, is_disabled=next_cursor is None
            )

    def _button(self, label: str, icon: str, number: int, cursor: str | None, *, is_disabled: bool = False) -> None:
        st.button(
            label,
            icon=icon,
            icon_position="right" if label == "Next" else "left",
            disabled=is_disabled,
            on_click=self._go,
            args=(number, cursor),
            key=f"{label.lower()}-{self._name}",
        )

    def _go(self, number: int, cursor: str | None) -> None:
        restate_fields()
        if cursor is None:
            st.query_params.pop(self._name, None)
        else:
            st.query_params[self._name] = f"{number}.{cursor}"

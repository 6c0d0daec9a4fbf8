"""Paging through a list of the API with its cursors."""

from __future__ import annotations

import streamlit as st


class Pages:
    """The position in a list. Each list ``name`` has its own position."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._cursors: list[str] = st.session_state.setdefault(f"pages-{name}", [])

    @property
    def cursor(self) -> str | None:
        """The cursor of the current page."""
        return self._cursors[-1] if self._cursors else None

    def buttons(self, shown: str, next_cursor: str | None) -> None:
        """Show buttons for the previous and next page, if the list has several."""
        if not self._cursors and next_cursor is None:
            return
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
            st.button(
                "Previous",
                icon=":material/chevron_left:",
                disabled=not self._cursors,
                on_click=self._back,
                key=f"previous-{self._name}",
            )
            st.markdown(f"{shown} · page {len(self._cursors) + 1}", width="content")
            st.button(
                "Next",
                icon=":material/chevron_right:",
                icon_position="right",
                disabled=next_cursor is None,
                on_click=self._forward,
                args=(next_cursor,),
                key=f"next-{self._name}",
            )

    def _back(self) -> None:
        self._cursors.pop()

    def _forward(self, cursor: str) -> None:
        self._cursors.append(cursor)

"""Choosing images in a grid."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from blurline.contract import Image
from dashboard.address import restate_fields
from dashboard.states import plain

_ROUND = "choosing_round"


def choose(image: Image) -> None:
    """Show the box that chooses an image."""
    st.checkbox(f"Choose {plain(image.name)}", key=_box(image), on_change=restate_fields)


def chosen_of(images: Sequence[Image]) -> list[Image]:
    """The images that are chosen."""
    return [image for image in images if st.session_state.get(_box(image))]


def all_or_none(images: Sequence[Image], chosen: int) -> None:
    """Show the buttons that choose every image of the page, or none."""
    st.button("Choose all on this page", on_click=_choose_all, args=(images, True), disabled=chosen == len(images))
    st.button("Choose none", on_click=_choose_all, args=(images, False), disabled=not chosen)


def choose_none() -> None:
    """Forget what is chosen."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


def _choose_all(images: Sequence[Image], is_chosen: bool) -> None:
    restate_fields()
    for image in images:
        st.session_state[_box(image)] = is_chosen


def _box(image: Image) -> str:
    """The key of the image's box: new after each decision, and for each result."""
    return f"box-{st.session_state.get(_ROUND, 0)}-{image.id}-{image.result_sha256}"

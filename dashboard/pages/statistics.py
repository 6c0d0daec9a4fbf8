"""Statistics: submissions, faces, decisions, speed and quality, also of two selections side by side."""

from __future__ import annotations

import streamlit as st

from dashboard.address import in_address, one_of
from dashboard.problems import stating_refusals
from dashboard.statistics.comparison import compare_with
from dashboard.statistics.image_filter import choose_images
from dashboard.statistics.made_by import list_made_by
from dashboard.statistics.sections import SECTIONS

_FIRST = next(iter(SECTIONS))


def _show() -> None:
    st.title("Statistics")
    with stating_refusals():
        made_by = list_made_by()
        chosen, free = choose_images(made_by)
        other = compare_with(chosen, made_by, free)
        section = st.segmented_control(
            "Figures",
            list(SECTIONS),
            required=True,
            label_visibility="collapsed",
            **in_address("figures", lambda said: one_of(list(SECTIONS))(said) or _FIRST, _unless_first),
        )
        show = SECTIONS[section or _FIRST]
        if other is None:
            show(chosen, 2)
        else:
            for column, compared in zip(st.columns(2, gap="large"), other, strict=True):
                with column:
                    st.subheader(compared.title)
                    show(compared.images, 1)
        st.caption("Time ranges are widened to whole hours. Deleted images are not counted.")


def _unless_first(section: str) -> str | None:
    return None if section == _FIRST else section


_show()

"""Statistics: submissions, faces, decisions, speed and quality."""

from __future__ import annotations

import streamlit as st

from dashboard.problems import stating_problems
from dashboard.statistics.image_filter import choose_images
from dashboard.statistics.sections import SECTIONS


def _show() -> None:
    st.title("Statistics")
    with stating_problems():
        chosen = choose_images("statistics")
        section = st.segmented_control(
            "Figures", list(SECTIONS), default=next(iter(SECTIONS)), required=True, label_visibility="collapsed"
        )
        SECTIONS[section](chosen)
        st.caption("Time ranges are widened to whole hours. Deleted images are not counted.")


_show()

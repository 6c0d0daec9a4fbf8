"""Guides: the documentation of this release, the guide in the address (`?guide=…`)."""

from __future__ import annotations

import streamlit as st

from dashboard.address import in_address, one_of
from dashboard.guides import INDEX, GuidePicture, guide_names, read_guide

_INDEX_TITLE = "All guides"


def _show() -> None:
    names = [INDEX, *(name for name in guide_names() if name != INDEX)]
    guide = st.selectbox(
        "Guide",
        names,
        format_func=lambda name: _INDEX_TITLE if name == INDEX else name.replace("-", " ").capitalize(),
        **in_address("guide", lambda said: one_of(names)(said) or INDEX, lambda name: None if name == INDEX else name),
    )
    for part in read_guide(guide):
        if isinstance(part, GuidePicture):
            st.image(part.path, alt=part.shows)
        else:
            st.markdown(part)


_show()

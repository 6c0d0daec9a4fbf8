"""The dashboard's entry: who is there, and the pages that they may see. `blurline dashboard` serves it.

It lies among the pages because Streamlit would serve a folder `pages` beside it by itself, and nobody would be asked
who they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from blurline.access.tokens import Scope
from dashboard.access.session import begin, may, me
from dashboard.access.sign_in import offer_sign_out, sign_in
from dashboard.problems import recovering
from dashboard.states import plain

_PAGES = Path(__file__).parent
_ICON = "🔲"  # one of the material icons would have browsers ask a server of Google's
_STYLE = "<style>[data-testid='stMainBlockContainer'] { padding-top: 4.5rem; }</style>"


@dataclass(frozen=True, slots=True)
class Entry:
    """A page: its file, and the scopes of which one is needed to see it."""

    file: str
    title: str
    icon: str
    scopes: tuple[Scope, ...]


ENTRIES = (
    Entry("submit.py", "Submit", ":material/upload:", (Scope.SUBMIT,)),
    Entry("jobs.py", "Jobs", ":material/stacks:", tuple(Scope)),
    Entry("review.py", "Review", ":material/visibility:", (Scope.REVIEW,)),
    Entry("statistics.py", "Statistics", ":material/monitoring:", tuple(Scope)),
    Entry("exports.py", "Exports", ":material/download:", tuple(Scope)),
    Entry("system.py", "System", ":material/dns:", (Scope.OPERATE,)),
)


def _run() -> None:
    st.set_page_config(page_title="Blurline", page_icon=_ICON, layout="wide")
    st.html(_STYLE)
    token = sign_in()
    with recovering(token):
        begin(token)
        pages = [
            st.Page(_PAGES / entry.file, title=entry.title, icon=entry.icon)
            for entry in ENTRIES
            if any(map(may, entry.scopes)) and (_PAGES / entry.file).exists()
        ]
        st.navigation(pages, position="top").run()
        st.caption(f"Signed in as {plain(me().id)}, who may {', '.join(me().scopes)}.")
    offer_sign_out()


_run()

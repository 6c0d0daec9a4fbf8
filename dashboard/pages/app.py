"""The dashboard's entry point: sign-in, and the pages that the user may see. `blurline dashboard` serves it.

It is inside the folder `pages` because Streamlit would serve a folder of that name beside it without sign-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from blurline.access.tokens import Scope
from dashboard.access.session import begin, keep_fields, may, me
from dashboard.access.sign_in import show_sign_out, sign_in
from dashboard.problems import recovering
from dashboard.states import plain

_PAGES = Path(__file__).parent
_ICON = "🔲"  # browsers would fetch a material icon from a Google server
_NAME = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 118 28" width="118" height="28">'
    '<g fill="#2f8a83"><rect x="2" y="4" width="9" height="9"/><rect x="12" y="4" width="9" height="9" opacity=".6"/>'
    '<rect x="2" y="14" width="9" height="9" opacity=".35"/><rect x="12" y="14" width="9" height="9" opacity=".8"/>'
    '<text x="29" y="20.5" font-family="sans-serif" font-size="19" font-weight="600">Blurline</text></g></svg>'
)
# Streamlit's captions, and its words in the primary colour on dark ground, have too little contrast.
_STYLE = """<style>
[data-testid='stMainBlockContainer'] { padding-top: 4.5rem; }
[data-testid='stCaptionContainer'] { color: inherit !important; opacity: .8; }
[data-testid='stMarkdownContainer'] :is(td, td code) { overflow-wrap: anywhere; }
[data-testid='stSliderThumbValue'], [data-testid='stButtonGroup'] :is(button, label) { color: inherit !important; }
</style>"""


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page: its file, the scopes, one of which is required to see it, and the guide that describes it."""

    file: str
    title: str
    icon: str
    scopes: tuple[Scope, ...]
    guide: str


ENTRIES = (
    PageLink("submit.py", "Submit", ":material/upload:", (Scope.SUBMIT,), "submitter"),
    PageLink("jobs.py", "Jobs", ":material/stacks:", tuple(Scope), "dashboard"),
    PageLink("find.py", "Find", ":material/search:", tuple(Scope), "dashboard"),
    PageLink("review.py", "Review", ":material/visibility:", (Scope.REVIEW,), "reviewer"),
    PageLink("statistics.py", "Statistics", ":material/monitoring:", tuple(Scope), "statistics"),
    PageLink("exports.py", "Exports", ":material/download:", tuple(Scope), "statistics"),
    PageLink("system.py", "System", ":material/dns:", (Scope.OPERATE,), "operator"),
    PageLink("guides.py", "Guides", ":material/menu_book:", tuple(Scope), "dashboard"),
)


def _run() -> None:
    st.set_page_config(page_title="Blurline", page_icon=_ICON, layout="wide")
    st.html(_STYLE)
    st.logo(_NAME)
    token = sign_in()
    with recovering(token):
        begin(token)
        keep_fields()
        pages = {
            entry.title: st.Page(_PAGES / entry.file, title=entry.title, icon=entry.icon)
            for entry in ENTRIES
            if any(map(may, entry.scopes))
        }
        page = st.navigation(list(pages.values()), position="top")
        page.run()
        guide = next(entry.guide for entry in ENTRIES if entry.title == page.title)
        st.page_link(
            pages["Guides"], label="Guide to this page", icon=":material/menu_book:", query_params={"guide": guide}
        )
        st.caption(f"Signed in as {plain(me().id)} with the scopes {', '.join(me().scopes)}.")
    show_sign_out()


_run()

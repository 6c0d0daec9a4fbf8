"""Review: one image after another, the most doubtful first or the one in the address, or a list (`?view=list`)."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from dashboard.access.session import client
from dashboard.address import set_parameter
from dashboard.problems import state
from dashboard.review.board import show_board
from dashboard.review.case import Case
from dashboard.review.desk import Desk, Saved
from dashboard.review.review_list import review_list
from dashboard.review.words import decision_words, doubt_words, saved_words, why_words
from dashboard.states import IMAGE_STATES, ago, counted, plain

_LOOK_AGAIN_S = 2
_ASK_AGAIN_S = 1
_DESK, _PLACE = "review_desk", "review_place"


def _page() -> None:
    desk = _desk()
    if st.query_params.get("view") == "list" and "image" not in st.query_params:
        st.button("One after another", icon=":material/arrow_back:", type="tertiary", on_click=_leave_list)
        st.title("Waiting for review")
        review_list()
        return
    _follow_link(desk)
    desk.ensure_case()
    _keep_place(desk)
    if desk.notice:
        st.toast(plain(desk.notice), icon=":material/group:")
        desk.notice = ""
    st.button("Show as a list", icon=":material/grid_view:", type="tertiary", on_click=_enter_list)
    if desk.case is None:
        st.title("Review")
        st.fragment(_nothing, run_every=_LOOK_AGAIN_S)(desk)
    else:
        _head(desk.case)
        show_board(desk, desk.case)
        _decisions(desk.case)
    _skipped(desk)
    st.fragment(_saved, run_every=_ASK_AGAIN_S if desk.is_rendering else None)(desk)


def _desk() -> Desk:
    if _DESK not in st.session_state:
        st.session_state[_DESK] = Desk(client())
    found: Desk = st.session_state[_DESK]
    return found


def _enter_list() -> None:
    st.query_params["view"] = "list"  # with the filters that it had
    st.query_params.pop("image", None)


def _leave_list() -> None:
    st.query_params.pop("view", None)


def _follow_link(desk: Desk) -> None:
    """Open the image in the address, unless it is the one that the page has put there. The queue continues after it."""
    linked = st.query_params.get("image")
    if linked is None or linked == st.session_state.get(_PLACE):
        return
    try:
        desk.open(UUID(linked))
    except ValueError:
        st.warning("The address does not contain a valid image id.", icon=":material/link_off:")
    if desk.error is not None:
        state(desk.error)


def _keep_place(desk: Desk) -> None:
    """Put the current image into the address, so that a reload and a shared link show it."""
    place = None if desk.case is None else str(desk.case.id)
    st.session_state[_PLACE] = place
    if st.query_params.get("image") != place:
        set_parameter("image", place)


def _nothing(desk: Desk) -> None:
    """Show why there is no image to review. Checks again by itself."""
    desk.ensure_case()
    if desk.case is not None:
        st.rerun()
    if desk.error is not None:
        state(desk.error)
    elif desk.skipped:
        st.info("No other image waits for review. You have set the rest aside.", icon=":material/task_alt:")
    else:
        st.info(
            "No image waits for review. Images with a doubtful result, or with a policy that requires review, appear "
            "here automatically.",
            icon=":material/task_alt:",
        )


def _head(case: Case) -> None:
    image = case.image
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown(f"**{plain(image.name or str(image.id))}**", width="content")
        st.caption(f"from {plain(case.owner)}, {ago(image.created_at)}", width="content")
        query = {"job": str(image.job_id)}
        st.page_link("jobs.py", label="Open the job", icon=":material/stacks:", query_params=query)
        st.space("stretch")
        st.markdown(f":gray-badge[{counted(case.waiting, 'image')} waiting]", width="content")
    st.markdown(f"{plain(why_words(image))} :gray[{plain(doubt_words(image))}]")


def _decisions(case: Case) -> None:
    for decision in case.decisions:
        st.caption(plain(decision_words(decision)))


def _skipped(desk: Desk) -> None:
    if desk.skipped:
        st.button(
            f"Return to the images you set aside ({desk.skipped})",
            icon=":material/undo:",
            type="tertiary",
            on_click=desk.return_to_skipped,
        )


def _saved(desk: Desk) -> None:
    """Show the corrections saved here and their progress. Refreshes while any is being rendered."""
    was_rendering = desk.is_rendering
    desk.refresh_saved()
    if was_rendering and not desk.is_rendering:
        st.rerun()  # which stops the refresh
    if desk.saved:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Saved here", width="content")
            for each in desk.saved:
                _one_saved(each)


def _one_saved(saved: Saved) -> None:
    icon = ":material/autorenew:" if saved.is_rendering else IMAGE_STATES[saved.state].icon
    with st.popover(f"{plain(saved.name)}: {saved_words(saved)}", icon=icon):
        if saved.thumb is not None:
            st.image(saved.thumb)
        else:
            st.caption("The new result appears here once it is rendered.")


_page()

"""The images that wait for a review as a list: filters, decisions on several at once, and their undo."""

from __future__ import annotations

import streamlit as st

from blurline.client.search import ImageQuery, ImageSortName
from blurline.contract import Image
from dashboard.access.session import client
from dashboard.address import in_address, one_of, restate_fields, text
from dashboard.jobs.choosing import all_or_none, choose, choose_none, chosen_of
from dashboard.jobs.grid import PER_PAGE, doubt_badge, show_grid
from dashboard.jobs.image_filters import doubt_field, doubt_in_address, name_field, name_in_address
from dashboard.jobs.labels import parse_labels
from dashboard.paging import Pages
from dashboard.problems import stating_problems, stating_refusals
from dashboard.review.bulk import BulkOutcome, Decided, Verdict, decide, take_back
from dashboard.states import counted, plain

_ORDERS: dict[ImageSortName, str] = {"-created_at": "Newest first", "created_at": "Oldest first"}
_OUTCOME = "review_outcome"
_MOST_NAMED = 10


def review_list() -> None:
    """Show the fields, the decisions and the grid."""
    _fields()
    with stating_refusals():
        query = _query()
        pages = Pages()
        page = pages.load(lambda cursor: client().search.page(query, cursor, PER_PAGE))
        _outcome()
        if not page.images:
            st.info("No image that waits for a review matches.", icon=":material/task_alt:")
            return
        chosen = chosen_of(page.images)
        _decisions(page.images, chosen)
        show_grid(page.images, choose=choose, remark=_why)
        count = client().search.count(query)
        shown = counted(count.images, "image") if count.is_complete else f"more than {count.images:,} images"
        pages.buttons(f"{shown} waiting", page.next_cursor)


def _fields() -> None:
    name, doubt, label, owner, order = st.columns([3, 2, 2, 2, 2])
    with name:
        name_field("Name, or a part of it")
    with doubt:
        doubt_field()
    label.text_input("Label", placeholder="assignment=4711", **in_address("label", text))
    owner.text_input("Owner", placeholder="Anyone", **in_address("owner", text))
    order.selectbox(
        "Order",
        list(_ORDERS),
        format_func=_ORDERS.__getitem__,
        placeholder="Most doubtful first",
        **in_address("sort", one_of(list(_ORDERS))),
    )


def _query() -> ImageQuery:
    """The search in the address. Raises NotLabels."""
    said = st.query_params
    return ImageQuery(
        state="needs_review",
        name=name_in_address(),
        labels=tuple(parse_labels(said.get("label", "")).items()),
        owner=said.get("owner", "").strip() or None,
        doubt_above=doubt_in_address(),
        sort=one_of(list(_ORDERS))(said.get("sort")) or "-doubt",
    )


def _decisions(images: list[Image], chosen: list[Image]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        all_or_none(images, len(chosen))
        many = counted(len(chosen), "image")
        is_none = not chosen
        if st.button(
            f"Approve {many}",
            type="primary",
            icon=":material/check:",
            disabled=is_none,
            key="approve-chosen",
            on_click=restate_fields,
        ):
            _confirm(chosen, "approved")
        if st.button(
            f"Reject {many}",
            icon=":material/block:",
            disabled=is_none,
            key="reject-chosen",
            on_click=restate_fields,
        ):
            _confirm(chosen, "rejected")


@st.dialog("Decide on several images?")
def _confirm(chosen: list[Image], verdict: Verdict) -> None:
    many = counted(len(chosen), "image")
    note = ""
    if verdict == "approved":
        st.write(f"The results of {many} will be published as they are shown here.")
    else:
        st.write(f"{many} will not be published.")
        note = st.text_input("Note for the owner", max_chars=2000)
    word = "Approve" if verdict == "approved" else "Reject"
    if st.button(f"{word} them", type="primary", key="decide-really"):
        with stating_problems():
            st.session_state[_OUTCOME] = decide(client(), chosen, verdict, note)
            choose_none()
            st.rerun()


def _outcome() -> None:
    """Show what became of the last decisions, with their undo and a way back to each image."""
    outcome: BulkOutcome | None = st.session_state.get(_OUTCOME)
    if outcome is None:
        return
    if outcome.decided:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            verdict = outcome.decided[0].verdict
            waiting = sum(each.awaits_another for each in outcome.decided)
            more = f" {counted(waiting, 'image')} of them must be approved by another reviewer too." if waiting else ""
            st.markdown(f"**{counted(len(outcome.decided), 'image')} {verdict}.**{more}", width="content")
            for each in outcome.decided[:_MOST_NAMED]:
                st.button(plain(each.name), key=f"again-{each.image_id}", type="tertiary", on_click=_open, args=(each,))
            if st.button("Undo", icon=":material/undo:", key="undo-decisions"):
                back = take_back(client(), outcome.decided)
                del st.session_state[_OUTCOME]
                st.toast(f"{counted(back, 'image')} back in the queue.")
                st.rerun()
    if outcome.awaiting_another:
        one_waits = outcome.awaiting_another == 1
        st.info(
            f"{counted(outcome.awaiting_another, 'image')} {'waits' if one_waits else 'wait'} for another reviewer: "
            f"you have already approved or corrected {'it' if one_waits else 'them'}.",
            icon=":material/group:",
        )
    for name, reason in list(outcome.refused.items())[:_MOST_NAMED]:
        st.warning(f"{plain(name)}: {plain(reason)}", icon=":material/error:")


def _open(decided: Decided) -> None:
    st.query_params["image"] = str(decided.image_id)


def _why(image: Image) -> str:
    why = (
        "" if image.error is None or image.error.code == "doubtful" else f":small[:gray[{plain(image.error.message)}]]"
    )
    return f"{doubt_badge(image)} {why}"

"""Find: images of all jobs by name, label, state, doubt, note and owner, or the image in the address (`?image=…`)."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from blurline.client.search import ImageQuery, ImageSortName
from blurline.contract import Image
from dashboard.access.session import client, sees_everything
from dashboard.address import in_address, one_of, text
from dashboard.jobs.grid import PER_PAGE, describe, show_grid
from dashboard.jobs.image_filters import doubt_field, doubt_in_address, name_field, name_in_address
from dashboard.jobs.image_view import image_view
from dashboard.jobs.labels import parse_labels
from dashboard.jobs.notes import NOTES
from dashboard.jobs.sending import choosing
from dashboard.paging import Pages
from dashboard.problems import stating_refusals
from dashboard.states import IMAGE_STATES, counted

_BY_DOUBT: ImageSortName = "-doubt"
_ORDERS: dict[ImageSortName, str] = {"created_at": "Oldest first", _BY_DOUBT: "Most doubtful first"}
_STATES = [state for state in IMAGE_STATES if state != "deleted"]


def _show() -> None:
    image_id = _image_id()
    if image_id is not None:
        st.button("Back to the results", icon=":material/arrow_back:", type="tertiary", on_click=_close)
        image_view(image_id, _query())
        return
    st.title("Find")
    _fields()
    with stating_refusals():
        _results(_query())


def _fields() -> None:
    name, state, doubt, order = st.columns([3, 2, 2, 2])
    with name:
        name_field("Name, or a part of it")
    with state:
        chosen = st.selectbox(
            "State",
            _STATES,
            format_func=lambda each: IMAGE_STATES[each].word,
            placeholder="Any",
            **in_address("state", one_of(_STATES)),
        )
    with doubt:
        doubt_field()
    with order:
        orders = [each for each in _ORDERS if chosen or each != _BY_DOUBT]
        st.selectbox(
            "Order",
            orders,
            format_func=_ORDERS.__getitem__,
            placeholder="Newest first",
            help="Choose a state to see its most doubtful images first.",
            **in_address("sort", one_of(orders)),
        )
    label, note, owner = st.columns(3)
    label.text_input("Label", placeholder="assignment=4711", **in_address("label", text))
    note.selectbox(
        "Note", list(NOTES), format_func=NOTES.__getitem__, placeholder="Any", **in_address("note", one_of(list(NOTES)))
    )
    if sees_everything():
        owner.text_input("Owner", placeholder="Anyone", **in_address("owner", text))


def _query() -> ImageQuery:
    """The search in the address. Raises NotLabels."""
    said = st.query_params
    state = one_of(_STATES)(said.get("state"))
    sort = one_of(list(_ORDERS))(said.get("sort"))
    return ImageQuery(
        state=state,
        name=name_in_address(),
        labels=tuple(parse_labels(said.get("label", "")).items()),
        owner=said.get("owner", "").strip() or None if sees_everything() else None,
        note=one_of(list(NOTES))(said.get("note")),
        doubt_above=doubt_in_address(),
        sort=sort if sort and (state or sort != _BY_DOUBT) else "-created_at",
    )


def _results(query: ImageQuery) -> None:
    pages = Pages()
    page = pages.load(lambda cursor: client().search.page(query, cursor, PER_PAGE))
    if not page.images:
        st.info("No image matches. Try a shorter part of the name, or remove filters.", icon=":material/search_off:")
        return
    count = client().search.count(query)
    found = counted(count.images, "image") if count.is_complete else f"more than {count.images:,} images"
    st.markdown(f"**{found}** found")
    show_grid(page.images, remark=_badges, choose=choosing(page.images))
    pages.buttons(found, page.next_cursor)


def _badges(image: Image) -> str:
    return describe(image) or IMAGE_STATES[image.state].badge


def _image_id() -> UUID | None:
    try:
        return UUID(st.query_params["image"])
    except (KeyError, ValueError):
        return None


def _close() -> None:
    st.query_params.pop("image", None)


_show()

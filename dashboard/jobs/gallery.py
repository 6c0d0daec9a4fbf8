"""The images of a job, with filters and orders, as pages of thumbnails."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from blurline.access.tokens import Scope
from blurline.client.search import ImageQuery, ImageSortName
from blurline.contract import ImageState, Job
from dashboard.access.session import client, may
from dashboard.address import in_address, is_on, on, one_of
from dashboard.jobs.grid import PER_PAGE, show_grid
from dashboard.jobs.image_filters import doubt_field, doubt_in_address, name_field, name_in_address
from dashboard.jobs.sending import choosing
from dashboard.paging import Pages
from dashboard.states import IMAGE_STATES, counted

SHOWN_STATES: tuple[ImageState, ...] = ("published", "needs_review", "failed", "processing", "queued")
_ORDERS: dict[ImageSortName, str] = {"-doubt": "Most doubtful first", "-position": "Last submitted first"}


def gallery(job: Job) -> None:
    """Show the filters and the grid. Raises the client's errors."""
    _fields(job)
    query = query_in_address(job.id)
    pages = Pages("at")
    page = pages.load(lambda cursor: client().search.page(query, cursor, PER_PAGE))
    if not page.images:
        st.info("No image matches now. Remove some of the filters.", icon=":material/filter_alt_off:")
        return
    show_grid(page.images, with_originals=_with_originals(), choose=choosing(page.images))
    is_counted = query.name is None and query.doubt_above is None
    count = _count(job, query.state) if is_counted else client().search.count(query).images
    pages.buttons(counted(count, "image"), page.next_cursor)


def query_in_address(job_id: UUID) -> ImageQuery:
    """The filters and the order of the job's images in the address."""
    return ImageQuery(
        job=job_id,
        state=one_of(SHOWN_STATES)(st.query_params.get("show")),
        name=name_in_address(),
        doubt_above=doubt_in_address(),
        sort=one_of(list(_ORDERS))(st.query_params.get("sort")) or "position",
    )


def _fields(job: Job) -> None:
    _state_field(job)
    name, doubt, order = st.columns([2, 1, 1])
    with name:
        name_field("Find by name")
    with doubt:
        doubt_field()
    with order:
        st.selectbox(
            "Order",
            list(_ORDERS),
            format_func=_ORDERS.__getitem__,
            placeholder="As submitted",
            **in_address("sort", one_of(list(_ORDERS))),
        )


def _with_originals() -> bool:
    if not may(Scope.REVIEW):
        return False
    is_shown = st.toggle("Before and after", **in_address("originals", is_on, on))
    st.caption("Each view of an original is logged.")
    return is_shown


def _state_field(job: Job) -> None:
    there = [state for state in SHOWN_STATES if _count(job, state)]
    chosen = one_of(SHOWN_STATES)(st.query_params.get("show"))
    if chosen is not None and chosen not in there:
        there.append(chosen)
    if len(there) >= 2 or chosen is not None:
        st.segmented_control(
            "Which images",
            there,
            format_func=lambda state: f"{IMAGE_STATES[state].word} {_count(job, state):,}",
            label_visibility="collapsed",
            **in_address("show", one_of(there)),
        )


def _count(job: Job, state: ImageState | None) -> int:
    return int(getattr(job.progress, state or "images"))

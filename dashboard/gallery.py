"""The images of a job as a grid of small results, page by page."""

from __future__ import annotations

import streamlit as st

from blurline.contract import Image, ImageState, Job
from dashboard.paging import Pages
from dashboard.previews import thumbs
from dashboard.session import client
from dashboard.states import IMAGE_STATES, counted, plain

_PER_ROW = 6
_PER_PAGE = 24
_SHOWN_STATES: tuple[ImageState, ...] = ("published", "needs_review", "failed", "processing", "queued")
_ENDED = ("published", "needs_review", "failed")
_STYLE = """<style>
.st-key-gallery [data-testid="stImage"] img {
  height: 9.5rem; width: 100%; object-fit: contain; background: rgba(128, 128, 128, .12); border-radius: .4rem;
}
.st-key-gallery .blank {
  height: 9.5rem; display: flex; align-items: center; justify-content: center; border-radius: .4rem;
  background: rgba(128, 128, 128, .12); opacity: .75; font-size: .9rem;
}
.st-key-gallery button p { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
</style>"""


def gallery(job: Job) -> None:
    """The grid, with a choice among the states that there are. Raises what the client raises."""
    state = _chosen_state(job)
    pages = Pages(f"images-{job.id}-{state}")
    page = client().image_page(job.id, pages.cursor, _PER_PAGE, state=state)
    if not page.images:
        st.info("No image is in this state any more.", icon=":material/image:")
        return
    with st.container(key="gallery"):
        st.html(_STYLE)
        small = thumbs(client(), page.images)
        for start in range(0, len(page.images), _PER_ROW):
            columns = st.columns(_PER_ROW)
            for column, image, thumb in zip(
                columns, page.images[start : start + _PER_ROW], small[start : start + _PER_ROW], strict=False
            ):
                with column.container(gap="xxsmall"):
                    _tile(image, thumb)
    pages.buttons(counted(_count(job, state), "image"), page.next_cursor)


def _tile(image: Image, thumb: bytes | None) -> None:
    if thumb is None:
        st.html(f'<div class="blank">{IMAGE_STATES[image.state].word}</div>')
    else:
        st.image(thumb, width="stretch", alt=f"Result of {image.name}")
    if st.button(plain(image.name), key=f"open-{image.id}", type="tertiary", width="stretch", wrap=False):
        st.switch_page("jobs.py", query_params={"job": str(image.job_id), "image": str(image.id)})
    st.markdown(_below(image) or "&nbsp;", text_alignment="center")


def _below(image: Image) -> str:
    if image.is_underway and image.state in _ENDED:
        return ":blue-badge[:material/autorenew: Being re-run]"
    if image.state == "published":
        return f":small[:gray[{counted(image.faces_found or 0, 'face')}]]"
    return IMAGE_STATES[image.state].badge if image.state == "needs_review" else ""


def _chosen_state(job: Job) -> ImageState | None:
    there = [state for state in _SHOWN_STATES if _count(job, state)]
    if len(there) < 2:
        return None
    return st.segmented_control(
        "Which images",
        there,
        format_func=lambda state: f"{IMAGE_STATES[state].word} {_count(job, state):,}",
        key=f"state-{job.id}",
        label_visibility="collapsed",
    )


def _count(job: Job, state: ImageState | None) -> int:
    return int(getattr(job.progress, state or "images"))

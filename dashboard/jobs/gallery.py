"""The images of a job as pages of thumbnails; for reviewers, with the originals beside them."""

from __future__ import annotations

import streamlit as st

from blurline.access.tokens import Scope
from blurline.contract import Image, ImageState, Job
from dashboard.access.session import client, may
from dashboard.jobs.previews import thumbs
from dashboard.paging import Pages
from dashboard.states import IMAGE_STATES, counted, plain

_PER_ROW = 6
_PER_ROW_WITH_ORIGINALS = 3
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
    """Show the grid and a filter of states. Raises the client's errors."""
    state = _chosen_state(job)
    pages = Pages(f"images-{job.id}-{state}")
    page = client().image_page(job.id, pages.cursor, _PER_PAGE, state=state)
    if not page.images:
        st.info("No image is in this state now.", icon=":material/image:")
        return
    with_originals = _with_originals(job)
    with st.container(key="gallery"):
        st.html(_STYLE)
        after = thumbs(client(), page.images)
        before = thumbs(client(), page.images, "original") if with_originals else None
        per_row = _PER_ROW_WITH_ORIGINALS if with_originals else _PER_ROW
        for start in range(0, len(page.images), per_row):
            for at, column in enumerate(st.columns(per_row)[: len(page.images) - start], start):
                with column.container(gap="xxsmall"):
                    if before is not None:
                        _before_and_after(page.images[at], before[at], after[at])
                    else:
                        _result(page.images[at], after[at])
                    _below(page.images[at])
    pages.buttons(counted(_count(job, state), "image"), page.next_cursor)


def _with_originals(job: Job) -> bool:
    if not may(Scope.REVIEW):
        return False
    is_on = st.toggle("Before and after", key=f"originals-{job.id}")
    st.caption("Each view of an original is logged.")
    return is_on


def _before_and_after(image: Image, before: bytes | None, after: bytes | None) -> None:
    left, right = st.columns(2, gap="xxsmall")
    with left:
        if before is None:
            st.html('<div class="blank">No original available</div>')
        else:
            st.image(before, width="stretch", alt=f"Original of {image.name}")
    with right:
        _result(image, after)


def _result(image: Image, thumb: bytes | None) -> None:
    if thumb is None:
        st.html(f'<div class="blank">{IMAGE_STATES[image.state].word}</div>')
    else:
        st.image(thumb, width="stretch", alt=f"Result of {image.name}")


def _below(image: Image) -> None:
    if st.button(plain(image.name), key=f"open-{image.id}", type="tertiary", width="stretch", wrap=False):
        st.switch_page("jobs.py", query_params={"job": str(image.job_id), "image": str(image.id)})
    st.markdown(_remark(image) or "&nbsp;", text_alignment="center")


def _remark(image: Image) -> str:
    if image.is_underway and image.state in _ENDED:
        return ":blue-badge[:material/autorenew: Being re-run]"
    if image.state == "published":
        found = [
            counted(image.faces_found or 0, "face"),
            *(f"{count} {name}" for name, count in image.others_found.items()),
        ]
        return f":small[:gray[{', '.join(found)}]]"
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

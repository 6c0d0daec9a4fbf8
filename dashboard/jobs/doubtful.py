"""Published images of a job in which a face may still be visible: show them, or send them to review."""

from __future__ import annotations

import streamlit as st

from blurline.client.search import ImageQuery
from blurline.contract import Job, ReviewSelection
from dashboard.access.session import client
from dashboard.address import restate_fields
from dashboard.jobs.image_filters import HIGH_DOUBT
from dashboard.jobs.job_actions import done
from dashboard.problems import stating_problems
from dashboard.states import counted

_ABOVE = HIGH_DOUBT / 100


def doubtful(job: Job) -> None:
    """Show how many there are, with what can be done. Raises the client's errors."""
    if not job.progress.published:
        return
    count = client().search.count(ImageQuery(job=job.id, state="published", doubt_above=_ABOVE)).images
    if not count:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":orange[:material/warning:] **{count:,} published with doubt over {HIGH_DOUBT} %**: "
            "a face may still be visible.",
            width="content",
        )
        st.button("Show", icon=":material/grid_view:", on_click=_show, key="show-doubtful")
        if st.button("Send to review", icon=":material/visibility:", key="review-doubtful"):
            _send(job, count)


def _show() -> None:
    restate_fields()
    st.query_params.update({"show": "published", "doubt": str(HIGH_DOUBT), "sort": "-doubt"})
    st.query_params.pop("at", None)


@st.dialog("Send to review?")
def _send(job: Job, count: int) -> None:
    st.write(
        f"{counted(count, 'published image')} with doubt over {HIGH_DOUBT} % will be withdrawn: "
        "only reviewers can fetch them until one approves them."
    )
    if st.button("Send them to review", type="primary", key="review-doubtful-really"):
        with stating_problems():
            sent = client().send_to_review(job.id, ReviewSelection(doubt_above=_ABOVE))
            done(f"{counted(sent, 'image')} sent to review.")

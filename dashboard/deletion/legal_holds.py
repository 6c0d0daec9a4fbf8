"""Legal holds of a job: who has forbidden to delete it or an image of it, and for operators placing and releasing."""

from __future__ import annotations

import streamlit as st

from blurline.access.tokens import Scope
from blurline.contract import Hold, Job
from dashboard.access.session import client, may, sees_everything
from dashboard.problems import stating_problems
from dashboard.states import ago, plain


def holds_in_force(job: Job) -> list[Hold]:
    """Those on the job and its images, as far as whoever is there may see them: reviewers and operators."""
    if not sees_everything():
        return []
    return [hold for hold in client().holds.of_job(job.id) if hold.released_at is None]


def show_holds(holds: list[Hold]) -> None:
    """Who has forbidden what, and why."""
    for hold in holds:
        what = "This job" if hold.image_id is None else f"The image `{hold.image_id}`"
        st.warning(
            f"{what} is on hold and cannot be deleted: {plain(hold.reason)} "
            f"(by {plain(hold.placed_by)}, {ago(hold.placed_at)})",
            icon=":material/gavel:",
        )


def hold_button(job: Job, holds: list[Hold]) -> None:
    """A button that places a hold on the job, or releases it. For operators."""
    if not may(Scope.OPERATE):
        return
    if any(hold.image_id is None for hold in holds):
        if st.button("Release hold", icon=":material/gavel:", key="release-hold"):
            _release(job)
    elif st.button("Hold", icon=":material/gavel:", key="hold-job"):
        _hold(job)


@st.dialog("Put this job on hold?")
def _hold(job: Job) -> None:
    st.write("Nobody can delete it or its images, and retention leaves it alone, until an operator releases it.")
    reason = st.text_input("Why", max_chars=2000, key="hold-reason").strip()
    if st.button("Put on hold", type="primary", key="hold-really"):
        if not reason:
            st.error("Say why; it is kept with the hold.", icon=":material/edit:")
            return
        with stating_problems():
            client().holds.place_on_job(job.id, reason)
            st.rerun()


@st.dialog("Release the hold?")
def _release(job: Job) -> None:
    st.write("Then it can be deleted, and retention deletes what has been kept for its time.")
    if st.button("Release it", type="primary", key="release-really"):
        with stating_problems():
            client().holds.release_job(job.id)
            st.rerun()

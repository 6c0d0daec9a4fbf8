"""Legal holds on the page of a job. Operators place and release them."""

from __future__ import annotations

import streamlit as st

from blurline.access.tokens import Scope
from blurline.contract import Hold, Job
from dashboard.access.session import client, may, sees_everything
from dashboard.problems import stating_problems
from dashboard.states import ago, plain


def holds_in_force(job: Job) -> list[Hold]:
    """The holds in force on the job and its images. Empty unless the user is a reviewer or operator."""
    if not sees_everything():
        return []
    return [hold for hold in client().holds.of_job(job.id) if hold.released_at is None]


def show_holds(holds: list[Hold]) -> None:
    """Show the holds, with who placed them and why."""
    for hold in holds:
        what = "This job" if hold.image_id is None else f"The image `{hold.image_id}`"
        if hold.owner is not None:
            what = f"Everything of {plain(hold.owner)}"
        st.warning(
            f"{what} is under a legal hold and cannot be deleted: {plain(hold.reason)} "
            f"(by {plain(hold.placed_by)}, {ago(hold.placed_at)})",
            icon=":material/gavel:",
        )


def hold_button(job: Job, holds: list[Hold]) -> None:
    """Show buttons that place or release the hold of the job and that of its owner. For operators."""
    if not may(Scope.OPERATE):
        return
    if any(hold.image_id is None and hold.owner is None for hold in holds):
        if st.button("Release hold", icon=":material/gavel:", key="release-hold"):
            _release(job)
    elif st.button("Legal hold", icon=":material/gavel:", key="hold-job"):
        _hold(job)
    if any(hold.owner is not None for hold in holds):
        if st.button("Release owner's hold", icon=":material/person_off:", key="release-owner-hold"):
            _release_owner(job)
    elif st.button("Hold on owner", icon=":material/person_off:", key="hold-owner"):
        _hold_owner(job)


@st.dialog("Place a legal hold on this job?")
def _hold(job: Job) -> None:
    st.write("Neither users nor retention can delete the job or its images until an operator releases the hold.")
    reason = st.text_input("Reason", max_chars=2000, key="hold-reason").strip()
    if st.button("Place hold", type="primary", key="hold-really"):
        if not reason:
            st.error("Enter a reason. It is stored with the hold.", icon=":material/edit:")
            return
        with stating_problems():
            client().holds.place_on_job(job.id, reason)
            st.rerun()


@st.dialog("Place a legal hold on the owner?")
def _hold_owner(job: Job) -> None:
    st.write(f"Nothing of {plain(job.owner)} can be deleted, also not what they submit later.")
    reason = st.text_input("Reason", max_chars=2000, key="hold-owner-reason").strip()
    if st.button("Place hold", type="primary", key="hold-owner-really"):
        if not reason:
            st.error("Enter a reason. It is stored with the hold.", icon=":material/edit:")
            return
        with stating_problems():
            client().holds.place_on_owner(job.owner, reason)
            st.rerun()


@st.dialog("Release the hold on the owner?")
def _release_owner(job: Job) -> None:
    st.write("Their jobs can then be deleted, and retention deletes what has expired.")
    if st.button("Release hold", type="primary", key="release-owner-really"):
        with stating_problems():
            client().holds.release_owner(job.owner)
            st.rerun()


@st.dialog("Release the hold?")
def _release(job: Job) -> None:
    st.write("The job can then be deleted, and retention deletes what has expired.")
    if st.button("Release hold", type="primary", key="release-really"):
        with stating_problems():
            client().holds.release_job(job.id)
            st.rerun()

"""Cancelling, re-running and deleting a job, each with a confirmation."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from blurline.access.tokens import Scope
from blurline.contract import Job, RerunRequest
from dashboard.access.session import client, may, me
from dashboard.deletion.receipts import receipt_link
from dashboard.policy.form import policy_form
from dashboard.problems import stating_problems
from dashboard.states import IMAGE_STATES, counted

EndedState = Literal["failed", "needs_review", "published"]

_NOTICE, _RECEIPT = "notice", "last-receipt"
_ENDED: tuple[EndedState, ...] = ("failed", "needs_review", "published")


def actions(job: Job, *, is_held: bool) -> None:
    """Show buttons for the user's permitted actions on the job. With ``is_held``, nothing of it can be deleted."""
    if not (may(Scope.OPERATE) or job.owner == me().id):
        return
    if job.state != "finished" and st.button("Cancel", icon=":material/cancel:", key="cancel-job"):
        _cancel(job)
    if any(map(_counts(job).get, _ENDED)) and st.button("Re-run", icon=":material/replay:", key="rerun-job"):
        _rerun(job)
    why_not = "Release the legal hold first." if is_held else None
    if st.button("Delete", icon=":material/delete:", key="delete-job", disabled=is_held, help=why_not):
        _delete(job)


def notice() -> None:
    """Show the outcome of the last action, once, and the way to the receipt of this session's last deletion."""
    if _NOTICE in st.session_state:
        st.success(st.session_state.pop(_NOTICE), icon=":material/check_circle:")
    if _RECEIPT in st.session_state:
        receipt_link(st.session_state[_RECEIPT])


def done(sentence: str) -> None:
    """Close the dialog and show the outcome on the page."""
    st.session_state[_NOTICE] = sentence
    st.rerun()


@st.dialog("Cancel this job?")
def _cancel(job: Job) -> None:
    left = job.progress.queued + job.progress.processing
    st.write(f"{counted(left, 'image')} will not be processed. Published images stay.")
    if st.button("Cancel the job", type="primary", key="cancel-really"):
        with stating_problems():
            client().cancel(job.id)
            done("The job was cancelled.")


@st.dialog("Delete this job?")
def _delete(job: Job) -> None:
    st.write(
        f"{counted(job.progress.images, 'image')} will be permanently deleted with their originals and results. "
        "You get a receipt."
    )
    if st.button("Delete permanently", type="primary", icon=":material/delete:", key="delete-really"):
        with stating_problems():
            receipt = client().delete_job(job.id)
            st.query_params.clear()
            st.session_state[_RECEIPT] = receipt.id
            done(
                f"{counted(receipt.images, 'image')} deleted. Receipt **{receipt.id}**: "
                "originals and results are removed from the store soon."
            )


@st.dialog("Re-run with another policy", width="large")
def _rerun(job: Job) -> None:
    counts = _counts(job)
    there = [state for state in _ENDED if counts[state]]
    states = st.pills(
        "Which images",
        there,
        selection_mode="multi",
        default=there[:1],
        format_func=lambda state: f"{IMAGE_STATES[state].word} {counts[state]:,}",
        key="rerun-states",
    )
    st.caption(
        "Each image keeps its result until the new one is ready. Fields that you do not change keep their values."
    )
    changes = policy_form(job.policy, f"rerun-{job.id}")
    images = sum(counts[state] for state in states)
    if st.button(
        f"Re-run {counted(images, 'image')}", type="primary", disabled=not images or changes is None, key="rerun-really"
    ):
        with stating_problems():
            rerun = client().rerun(job.id, RerunRequest.model_validate({"states": states, "policy": changes}))
            gone = rerun.without_original
            left_out = f" {counted(gone, 'image')} left out because the original is no longer stored." if gone else ""
            done(f"{counted(rerun.images, 'image')} will be re-run.{left_out}")


def _counts(job: Job) -> dict[EndedState, int]:
    return {state: int(getattr(job.progress, state)) for state in _ENDED}

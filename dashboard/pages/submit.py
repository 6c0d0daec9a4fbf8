"""Submit: choose pictures and what is to be done with them, then see the results come."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import streamlit as st
from pydantic import ValidationError

from blurline.contract import JobOptions, Preset
from blurline.errors import BlurlineError, RetryableError
from blurline.policy.presets import DEFAULT
from blurline.settings import load_settings
from dashboard.access.session import client
from dashboard.jobs.chosen_files import ACCEPTED, Chosen, choose
from dashboard.jobs.job_view import job_view
from dashboard.jobs.labels import parse_labels
from dashboard.jobs.submit import Submission, submit, upload
from dashboard.policy_form import policy_form
from dashboard.problems import state
from dashboard.states import counted, plain, size

_JOB, _UNSURE, _ROUND = "submitted_job", "unsure_submission", "submit_round"
_NAMED = 5


def _show() -> None:
    st.title("Submit")
    if _JOB in st.session_state:
        _show_job(st.session_state[_JOB])
    elif _UNSURE in st.session_state:
        _make_job(st.session_state[_UNSURE])
    else:
        _show_form()


def _show_form() -> None:
    st.write(
        "Every face that is found in your photographs is destroyed. The originals stay here: reviewers alone may look "
        "at them, and each look is logged."
    )
    number = st.session_state.setdefault(_ROUND, 0)  # of the form: another one begins empty
    files = st.file_uploader(
        "Photographs, or a ZIP of them",
        [*ACCEPTED, "zip"],
        accept_multiple_files=True,
        key=f"files-{number}",
    )
    chosen = choose(files, load_settings().limits.file_bytes)
    with st.container():  # is there from the start: what is typed below would be lost, if something moved it down
        _say_what_was_chosen(chosen)
    options = _options()
    is_ready = bool(chosen.pictures) and options is not None
    label = f"Submit {counted(len(chosen.pictures), 'photograph')}" if chosen.pictures else "Submit"
    if st.button(label, type="primary", icon=":material/upload:", disabled=not is_ready) and options is not None:
        _send(chosen, options)


def _say_what_was_chosen(chosen: Chosen) -> None:
    if chosen.pictures:
        st.caption(f"{counted(len(chosen.pictures), 'photograph')}, {size(chosen.size_bytes)}")
    if chosen.left_out:
        more = len(chosen.left_out) - _NAMED
        lines = [*chosen.left_out[:_NAMED], *([f"And {more:,} more."] if more > 0 else [])]
        st.warning("Left out:\n\n" + "\n".join(f"- {plain(line)}" for line in lines), icon=":material/info:")


def _options() -> JobOptions | None:
    """The options that were chosen; None while there is something wrong with them."""
    presets = {preset.name: preset for preset in client().presets()}
    first, second = st.columns(2, gap="medium")
    with first:
        name = st.selectbox("Preset", list(presets), list(presets).index(DEFAULT) if DEFAULT in presets else 0)
        st.caption(plain(presets[name].description))
    with second:
        labels = st.text_input(
            "Labels",
            placeholder="assignment=4711, desk=news",
            help="Names of your own by which the job is found again, as `name=value`, separated by commas.",
        )
    policy = _policy(presets[name])
    if policy is None:
        return None
    try:
        given: dict[str, Any] = {"preset": name, "labels": parse_labels(labels), "policy": policy}
        return JobOptions.model_validate({field: value for field, value in given.items() if value})
    except ValidationError as error:
        st.error(f"A label is wrong: {error.errors()[0]['msg']}.", icon=":material/error:")
    except BlurlineError as error:
        state(error)
    return None


def _policy(preset: Preset) -> dict[str, Any] | None:
    with st.expander("Adjust the policy", icon=":material/tune:"):
        return policy_form(preset.policy, f"policy-{preset.name}")


def _send(chosen: Chosen, options: JobOptions) -> None:
    count = len(chosen.pictures)
    bar = st.progress(0.0, "Uploading")
    try:
        submission = upload(
            client(),
            chosen.pictures,
            options,
            lambda done: bar.progress(done / count, f"Uploading: {done:,} of {counted(count, 'photograph')}"),
        )
    except RetryableError:
        bar.empty()
        st.warning(
            "The photographs could not all be uploaded. Nothing was submitted: try again.", icon=":material/cloud_off:"
        )
    except BlurlineError as error:
        bar.empty()
        state(error)
    else:
        bar.empty()
        _make_job(submission)


def _make_job(submission: Submission) -> None:
    """Ask for the job; where no answer is heard, offer to ask again, which never makes a second one."""
    st.session_state[_UNSURE] = submission
    try:
        job = submit(client(), submission)
    except RetryableError:
        st.warning(
            "The photographs are uploaded, but it is not certain that they are submitted.", icon=":material/cloud_off:"
        )
        st.button("Try again", type="primary", icon=":material/refresh:", help="Nothing is submitted twice.")
        return
    except BlurlineError as error:
        del st.session_state[_UNSURE]
        state(error)
        st.button("Back")
        return
    del st.session_state[_UNSURE]
    st.session_state[_JOB] = job.id
    st.rerun()


def _show_job(job_id: UUID) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Submit more", icon=":material/add:", on_click=_begin_anew)
        st.page_link(
            "jobs.py",
            label="Open the job's own page",
            icon=":material/stacks:",
            query_params={"job": str(job_id)},
        )
    job_view(client().job(job_id))


def _begin_anew() -> None:
    del st.session_state[_JOB]
    st.session_state[_ROUND] += 1


_show()

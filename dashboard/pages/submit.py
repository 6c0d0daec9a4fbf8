"""Submit: choose pictures and a policy; the job's page then shows the results as they arrive."""

from __future__ import annotations

from typing import Any

import streamlit as st
from pydantic import ValidationError

from blurline.contract import JobOptions, Preset
from blurline.errors import BlurlineError, RetryableError
from blurline.policy.presets import DEFAULT
from blurline.settings import load_settings
from dashboard.access.session import client
from dashboard.jobs.chosen_files import ACCEPTED, ChosenFiles, find_pictures
from dashboard.jobs.labels import parse_labels
from dashboard.jobs.retention_form import retention_form
from dashboard.jobs.submit import Submission, submit, upload
from dashboard.policy_form import policy_form
from dashboard.problems import state
from dashboard.states import counted, plain, size
from dashboard.upkeep.health import show_delays

_UNSURE, _ROUND = "unsure_submission", "submit_round"
_NAMED = 5


def _show() -> None:
    st.title("Submit")
    show_delays()
    if _UNSURE in st.session_state:
        _make_job(st.session_state[_UNSURE])
    else:
        _show_form()


def _show_form() -> None:
    st.write(
        "Every detected face in your photographs is destroyed. The originals are kept here: only reviewers can view "
        "them, and each view is logged."
    )
    number = st.session_state.setdefault(_ROUND, 0)  # of the form: a new number clears it
    files = st.file_uploader(
        "Photographs, or a ZIP of them",
        [*ACCEPTED, "zip"],
        accept_multiple_files=True,
        key=f"files-{number}",
    )
    chosen = find_pictures(files, load_settings().pictures.limits.file_bytes)
    with st.container():  # always present: a widget below that moves down would lose its input
        _show_chosen(chosen)
    options = _options()
    is_ready = bool(chosen.pictures) and options is not None
    label = f"Submit {counted(len(chosen.pictures), 'photograph')}" if chosen.pictures else "Submit"
    if st.button(label, type="primary", icon=":material/upload:", disabled=not is_ready) and options is not None:
        _send(chosen, options)


def _show_chosen(chosen: ChosenFiles) -> None:
    if chosen.pictures:
        st.caption(f"{counted(len(chosen.pictures), 'photograph')}, {size(chosen.size_bytes)}")
    if chosen.left_out:
        more = len(chosen.left_out) - _NAMED
        lines = [*chosen.left_out[:_NAMED], *([f"And {more:,} more."] if more > 0 else [])]
        st.warning("Left out:\n\n" + "\n".join(f"- {plain(line)}" for line in lines), icon=":material/info:")


def _options() -> JobOptions | None:
    """The chosen options; None while they are invalid."""
    presets = {preset.name: preset for preset in client().presets()}
    first, second = st.columns(2, gap="medium")
    with first:
        name = st.selectbox("Preset", list(presets), list(presets).index(DEFAULT) if DEFAULT in presets else 0)
        st.caption(plain(presets[name].description))
    with second:
        labels = st.text_input(
            "Labels",
            placeholder="assignment=4711, desk=news",
            help="Your own labels to find the job by, as `name=value`, separated by commas.",
        )
    policy = _policy(presets[name])
    with st.expander("Retention", icon=":material/auto_delete:"):
        retention = retention_form(client().limits().retention, "submit-retention")
    if policy is None:
        return None
    try:
        given: dict[str, Any] = {
            "preset": name,
            "labels": parse_labels(labels),
            "policy": policy,
            "retention": retention,
        }
        return JobOptions.model_validate({field: value for field, value in given.items() if value})
    except ValidationError as error:
        (problem, *_) = error.errors()
        subject = "The retention" if problem["loc"][0] == "retention" else "A label"
        st.error(f"{subject} is not valid: {problem['msg']}.", icon=":material/error:")
    except BlurlineError as error:
        state(error)
    return None


def _policy(preset: Preset) -> dict[str, Any] | None:
    with st.expander("Adjust the policy", icon=":material/tune:"):
        return policy_form(preset.policy, f"policy-{preset.name}")


def _send(chosen: ChosenFiles, options: JobOptions) -> None:
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
            "Not all photographs could be uploaded, so nothing was submitted. Try again.", icon=":material/cloud_off:"
        )
    except BlurlineError as error:
        bar.empty()
        state(error)
    else:
        bar.empty()
        _make_job(submission)


def _make_job(submission: Submission) -> None:
    """Create the job. If no response arrives, show a button to try again, which never creates a second job."""
    st.session_state[_UNSURE] = submission
    try:
        job = submit(client(), submission)
    except RetryableError:
        st.warning("The photographs are uploaded, but the API has not confirmed the job.", icon=":material/cloud_off:")
        st.button("Try again", type="primary", icon=":material/refresh:", help="Nothing is submitted twice.")
        return
    except BlurlineError as error:
        del st.session_state[_UNSURE]
        state(error)
        st.button("Back")
        return
    del st.session_state[_UNSURE]
    st.session_state[_ROUND] += 1
    st.switch_page("jobs.py", query_params={"job": str(job.id)})


_show()

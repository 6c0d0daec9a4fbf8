"""Submit: choose pictures and a policy; the job's page then shows the results as they arrive."""

from __future__ import annotations

from typing import Any

import streamlit as st
from pydantic import ValidationError

from blurline.client import ApiError
from blurline.contract import JobOptions, JobRetention, Preset
from blurline.errors import BlurlineError, RetryableError
from blurline.policy.presets import DEFAULT
from dashboard.access.session import KEPT, clear_fields, client
from dashboard.jobs.labels import parse_labels
from dashboard.jobs.picker import show_picker
from dashboard.jobs.retention_form import retention_form
from dashboard.jobs.upload_desk import Submission, UploadDesk, upload_desk
from dashboard.policy.form import policy_form
from dashboard.problems import state
from dashboard.states import counted, plain
from dashboard.upkeep.health import show_delays

_LOST = ("object_missing", "upload_already_submitted")


def _show() -> None:
    st.title("Submit")
    show_delays()
    desk = upload_desk()
    if desk.submission is not None:
        _make_job(desk, desk.submission)
        return
    st.write(
        "Every detected face in your photographs is destroyed. The originals are kept here: only reviewers can view "
        "them, and each view is logged."
    )
    limits = client().limits()
    show_picker(desk, limits)
    if desk.sending is None:
        _show_form(desk, limits.retention)


def _show_form(desk: UploadDesk, retention: JobRetention) -> None:
    options = _options(retention)
    label = f"Submit {counted(desk.count, 'photograph')}" if desk.count else "Submit"
    is_ready = bool(desk.count) and options is not None
    if st.button(label, type="primary", icon=":material/upload:", disabled=not is_ready) and options is not None:
        desk.begin(options)
        st.rerun()


def _options(allowed: JobRetention) -> JobOptions | None:
    """The chosen options; None while they are invalid."""
    presets = {preset.name: preset for preset in client().presets()}
    first, second = st.columns(2, gap="medium")
    with first:
        usual = list(presets).index(DEFAULT) if DEFAULT in presets else 0
        name = st.selectbox("Preset", list(presets), usual, key=f"{KEPT}preset")
        st.caption(plain(presets[name].description))
    with second:
        labels = st.text_input(
            "Labels",
            placeholder="assignment=4711, desk=news",
            key=f"{KEPT}labels",
            help="Your own labels to find the job by, as `name=value`, separated by commas.",
        )
    policy = _policy(presets[name])
    with st.expander("Retention", icon=":material/auto_delete:"):
        retention = retention_form(allowed, f"{KEPT}retention")
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
        return policy_form(preset.policy, f"{KEPT}policy-{preset.name}")


def _make_job(desk: UploadDesk, submission: Submission) -> None:
    """Create the job. If no response arrives, show a button to try again, which never creates a second job."""
    try:
        job = client().submit_text(submission.request, submission.idempotency_key)
    except RetryableError:
        st.warning("The photographs are uploaded, but the API has not confirmed the job.", icon=":material/cloud_off:")
        st.button("Try again", type="primary", icon=":material/refresh:", help="Nothing is submitted twice.")
        return
    except BlurlineError as error:
        desk.refuse(uploads_are_lost=isinstance(error, ApiError) and error.code in _LOST)
        state(error)
        st.button("Back")
        return
    desk.finish()
    clear_fields()  # the next job must not take over what a closed part of the form hides
    st.switch_page("jobs.py", query_params={"job": str(job.id)})


_show()

"""Jobs: the list of jobs, or the job or image in the address (`?job=…`, `?image=…`)."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from blurline.client.search import ImageQuery
from dashboard.access.session import client
from dashboard.address import remove_parameters
from dashboard.deletion.legal_holds import hold_button, holds_in_force, show_holds
from dashboard.jobs.gallery import query_in_address
from dashboard.jobs.image_view import image_view
from dashboard.jobs.job_actions import actions, notice
from dashboard.jobs.job_list import job_list
from dashboard.jobs.job_view import job_view

_OF_A_JOB = ("show", "name", "doubt", "sort", "originals", "choose", "at")


def _show() -> None:
    job, image = _id("job"), _id("image")
    if job is None and image is None:
        st.title("Jobs")
        notice()
        job_list()
        return
    if image is not None:
        _back_button("Back to the job" if job else "All jobs", "image")
        image_view(image, query_in_address(job) if job else ImageQuery())
        return
    assert job is not None
    _back_button("All jobs", "job", *_OF_A_JOB)
    found = client().job(job)
    holds = holds_in_force(found)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title("Job", width="content")
        with st.container(horizontal=True, horizontal_alignment="right"):
            actions(found, is_held=bool(holds))
            hold_button(found, holds)
    notice()
    show_holds(holds)
    job_view(found)


def _back_button(label: str, *names: str) -> None:
    st.button(label, icon=":material/arrow_back:", type="tertiary", on_click=remove_parameters, args=names)


def _id(name: str) -> UUID | None:
    try:
        return UUID(st.query_params[name])
    except (KeyError, ValueError):
        return None


_show()

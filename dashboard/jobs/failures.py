"""Why images of a job failed, and what to do."""

from __future__ import annotations

import streamlit as st

from blurline.contract import Image, Job
from dashboard.access.session import client
from dashboard.jobs.error_advice import advice, error_sentence
from dashboard.states import counted, plain

_LOOKED_AT = 200
_NAMED = 3


def failures(job: Job) -> None:
    """Show a line for each cause. Raises the client's errors."""
    if not job.progress.failed:
        return
    failed = client().image_page(job.id, None, _LOOKED_AT, state="failed").images
    by_cause: dict[tuple[str, str], list[Image]] = {}
    for image in failed:
        by_cause.setdefault(_cause_of(image), []).append(image)
    with st.container(border=True):
        st.markdown(f":red[:material/error:] **{counted(job.progress.failed, 'image')} failed**")
        for (code, _), images in sorted(by_cause.items(), key=lambda each: -len(each[1])):
            st.markdown(_cause(code, images))
        if job.progress.failed > len(failed):
            st.caption(f"Only the first {_LOOKED_AT} failed images are shown.")


def _cause_of(image: Image) -> tuple[str, str]:
    """The code, and for a rejection the reviewer's note, which is about one image."""
    if image.error is None:
        return "", ""
    return image.error.code, image.error.message if image.error.code == "rejected" else ""


def _cause(code: str, images: list[Image]) -> str:
    names = ", ".join(map(plain, (image.name for image in images[:_NAMED])))
    more = f" and {len(images) - _NAMED:,} more" if len(images) > _NAMED else ""
    error = images[0].error
    if error is None:
        return f"{names}{more}"
    told = f" **{advice(error)}**" if advice(error) else ""
    return f"{names}{more}: {plain(error_sentence(error))}{told} :small[:gray[{code}]]"

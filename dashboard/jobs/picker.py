"""The field for photographs of the Submit page: it checks them in the browser and uploads them from there."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from blurline.contract import SubmissionLimits
from blurline.file_names import EXTENSIONS
from dashboard.jobs.picker_answer import parse_answer
from dashboard.jobs.upload_desk import UploadDesk

_FOLDER = Path(__file__).with_name("picker")
_SCRIPTS = ("numbers", "bytes", "headers", "zip", "dropped", "choice", "transfer", "forms", "sending", "words")
_KEY = "picker"

HTML = (_FOLDER / "picker.html").read_text()
CSS = (_FOLDER / "picker.css").read_text()
JS = "\n".join((_FOLDER / f"{script}.js").read_text() for script in (*_SCRIPTS, "picker"))

_mount = st.components.v2.component("blurline_picker", html=HTML, css=CSS, js=JS)


def show_picker(desk: UploadDesk, limits: SubmissionLimits) -> None:
    """Show the field. The desk handles what it says before the page runs again."""

    def receive() -> None:
        answer = parse_answer(st.session_state[_KEY].get("answer"))
        if answer is not None:
            desk.handle(answer)

    data = {
        "url": desk.url,
        "count": desk.count,
        "size_bytes": desk.size_bytes,
        "sending": desk.sending,
        "finished": desk.finished,
        "lost": desk.lost,
        "limits": {"extensions": sorted(EXTENSIONS), **limits.model_dump(exclude={"retention"})},
    }
    _mount(key=_KEY, data=data, on_answer_change=receive)

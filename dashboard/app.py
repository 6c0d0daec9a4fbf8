"""The dashboard's entry: `streamlit run dashboard/app.py`."""

from __future__ import annotations

from itertools import islice

import streamlit as st

from blurline.client import Client
from blurline.contract import Job
from blurline.errors import BlurlineError
from blurline.settings import load_settings
from blurline.tokens import LocalIssuer, Scope

_TOKEN_TTL_S = 600
_MOST_JOBS = 100


def _jobs() -> list[Job]:
    settings = load_settings()
    token = LocalIssuer(settings.home).issue("dashboard", [Scope.OPERATE], _TOKEN_TTL_S)
    with Client(settings.api_url, token, patience_s=0) as client:
        return list(islice(client.jobs(), _MOST_JOBS))


st.set_page_config(page_title="Blurline", layout="wide")
st.title("Jobs")


@st.fragment(run_every="3s")
def _table() -> None:
    try:
        jobs = _jobs()
    except BlurlineError as error:
        st.error(f"{error} Is `blurline up` running?")
        return
    if not jobs:
        st.info("No job yet. Submit photographs with `POST /v1/jobs`; `make demo` shows how.")
        return
    st.dataframe(
        [
            {
                "Job": str(job.id),
                "Owner": job.owner,
                "Submitted": job.created_at,
                "State": job.state,
                "Images": job.progress.images,
                "Published": job.progress.published,
                "To review": job.progress.needs_review,
                "Failed": job.progress.failed,
            }
            for job in jobs
        ],
        column_config={"Submitted": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")},
        hide_index=True,
        width="stretch",
    )


_table()

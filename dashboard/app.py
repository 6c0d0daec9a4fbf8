"""The dashboard's entry: `streamlit run dashboard/app.py`."""

from __future__ import annotations

from typing import Any

import httpx
import streamlit as st

from blurline.settings import load_settings
from blurline.tokens import LocalIssuer, Scope

_TOKEN_TTL_S = 600


def _jobs() -> list[dict[str, Any]]:
    settings = load_settings()
    token = LocalIssuer(settings.home).issue("dashboard", [Scope.OPERATE], _TOKEN_TTL_S)
    response = httpx.get(
        f"{settings.api_url}/v1/jobs", headers={"Authorization": f"Bearer {token}"}, params={"limit": 100}, timeout=10
    )
    jobs: list[dict[str, Any]] = response.raise_for_status().json()["jobs"]
    return jobs


st.set_page_config(page_title="Blurline", layout="wide")
st.title("Jobs")


@st.fragment(run_every="3s")
def _table() -> None:
    try:
        jobs = _jobs()
    except httpx.HTTPError as error:
        st.error(
            f"The API at {load_settings().api_url} does not answer ({type(error).__name__}). Is `blurline up` running?"
        )
        return
    if not jobs:
        st.info("No job yet. Submit photographs with `POST /v1/jobs`; `make demo` shows how.")
        return
    st.dataframe(
        [
            {
                "Job": job["id"],
                "Owner": job["owner"],
                "Submitted": job["created_at"],
                "State": job["state"],
                "Images": job["progress"]["images"],
                "Published": job["progress"]["published"],
                "To review": job["progress"]["needs_review"],
                "Failed": job["progress"]["failed"],
            }
            for job in jobs
        ],
        column_config={"Submitted": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")},
        hide_index=True,
        width="stretch",
    )


_table()

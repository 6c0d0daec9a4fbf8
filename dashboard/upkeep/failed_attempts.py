"""Attempts that came to nothing lately, and why, in plain sentences. For operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from blurline.contract import FruitlessAttempts

SENTENCES: Mapping[str, str] = {
    "flow_run_crashed": "The flow run crashed, as when its worker dies.",
    "flow_run_failed": "The flow run failed before it had settled the image.",
    "flow_run_completed": "The flow run ended without having settled the image.",
    "task_failed": "A task of the flow run failed.",
    "flow_run_lost": "Prefect no longer has the flow run.",
    "flow_run_stuck": "No worker started the flow run in time.",
    "deadline": "The attempt did not end in time.",
    "store_unavailable": "The store did not answer.",
    "database_unavailable": "The database did not answer.",
    "cancelled": "An operator cancelled the flow run.",
    "job_cancelled": "The job was cancelled.",
    "rerun_cancelled": "The re-run was called off.",
}
"""What has happened, by the error code of the attempt."""

_OTHERWISE = "Something of ours broke; the log has it under this code."
_OUTCOMES = {"retried": "Made anew", "given_up": "Given up"}


def fruitless(attempts: Sequence[FruitlessAttempts]) -> None:
    """A table of them by code, or that there are none."""
    st.subheader("Attempts that came to nothing")
    if not attempts:
        st.caption("None within the last day.")
        return
    st.dataframe(
        [
            {
                "What happened": SENTENCES.get(each.error_code, _OTHERWISE),
                "Then": _OUTCOMES[each.outcome],
                "Last hour": each.last_hour,
                "Last day": each.last_day,
                "Code": each.error_code,
            }
            for each in attempts
        ],
        hide_index=True,
    )
    st.caption("Those that an image has too many of are not made anew: it fails.")

"""Re-running a backlog: a form, a dry run, a button that does it, and calling off what is left. For operators."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID

import streamlit as st

from blurline.contract import BacklogRerun, BacklogRerunRequest
from blurline.settings import load_settings
from dashboard.access.session import client
from dashboard.policy_form import overrides_form
from dashboard.problems import stating_problems
from dashboard.states import IMAGE_STATES, counted, plain
from dashboard.statistics.image_filter import zone

_STATES = ("failed", "needs_review", "published")
_LIMIT, _MOST = 1000, 10_000
_DRY_RUN, _NOTICE, _ID = "backlog-dry-run", "backlog-notice", "backlog-rerun-id"


def backlog() -> None:
    """The form and what goes with it."""
    st.subheader("Re-run a backlog")
    st.caption("Each image stays as it is until its new result is there. A field that is left empty does not restrict.")
    wanted = _wanted()
    if st.button("Which would it be?", icon=":material/search:", disabled=wanted is None) and wanted:
        with stating_problems():
            st.session_state[_DRY_RUN] = (wanted, client().reruns.start(wanted))
    tried: tuple[BacklogRerunRequest, BacklogRerun] | None = st.session_state.get(_DRY_RUN)
    if tried and wanted and _text(tried[0]) == _text(wanted):
        _offer(*tried)
    if _NOTICE in st.session_state:
        st.success(st.session_state.pop(_NOTICE), icon=":material/check_circle:")
    _calling_off()
    deployments = f"{load_settings().prefect_ui_url}/deployments"
    st.caption(f"Results of another model are re-run with the deployment [rerun-backlog]({deployments}) in Prefect.")


def _wanted() -> BacklogRerunRequest | None:
    """What the form says; None while it says nothing that could be asked for."""
    first, second, third, fourth = st.columns(4)
    states = first.multiselect(
        "States", _STATES, ["failed"], format_func=lambda state: IMAGE_STATES[state].word, key="backlog-states"
    )
    owner = second.text_input("Owner of the images", placeholder="Anyone", key="backlog-owner").strip()
    job = third.text_input("Job", placeholder="Any; its id", key="backlog-job").strip()
    days = fourth.date_input("Submitted on", [], key="backlog-days")
    score_below = first.number_input(
        "A face scored below", 0.05, 1.0, None, 0.05, placeholder="Any score", key="backlog-score"
    )
    limit = second.number_input("At most", 1, _MOST, _LIMIT, key="backlog-limit", help="The oldest images first.")
    policy = overrides_form("backlog")
    since, until = _between(days)
    try:
        job_id = UUID(job) if job else None
    except ValueError:
        st.error("An id of a job looks like 01a21350-6961-7029-b030-14379993b3ee.")
        return None
    if not states:
        return None
    return BacklogRerunRequest.model_validate(
        {
            "states": states,
            "owner": owner or None,
            "job_id": job_id,
            "submitted_from": since,
            "submitted_until": until,
            "score_below": score_below,
            "limit": limit,
            "policy": policy,
        }
    )


def _text(request: BacklogRerunRequest) -> str:
    """What is sent. Models are equal also where only one of them has set a field of the policy to its usual value."""
    return request.model_dump_json(exclude_unset=True)


def _between(days: object) -> tuple[datetime | None, datetime | None]:
    """From the first day up to the end of the last, in the browser's time."""
    chosen = [day for day in (days if isinstance(days, tuple) else (days,)) if isinstance(day, date)]
    if not chosen:
        return None, None
    after_last = chosen[-1] + timedelta(days=1)
    return datetime.combine(chosen[0], time(), zone()), datetime.combine(after_last, time(), zone())


def _offer(wanted: BacklogRerunRequest, told: BacklogRerun) -> None:
    """What the dry run has told, and the button that does it."""
    if told.without_original:
        st.caption(f"{counted(told.without_original, 'image')} left out: the original is not kept any more.")
    if not told.images:
        st.info("No image is like this.", icon=":material/image:")
        return
    names = ", ".join(map(plain, told.names))
    more = told.images - len(told.names)
    st.markdown(
        f"**{counted(told.images, 'image')}** would be re-run: {names}" + (f" and {more:,} more." if more else ".")
    )
    if st.button(f"Re-run {counted(told.images, 'image')}", type="primary", icon=":material/replay:"):
        with stating_problems():
            begun = client().reruns.start(wanted.model_copy(update={"dry_run": False}))
            st.session_state[_NOTICE] = f"{counted(begun.images, 'image')} will be made anew."
            if begun.id:
                st.session_state[_ID] = str(begun.id)  # what is left of it can be called off below
            del st.session_state[_DRY_RUN]
            st.rerun()


def _calling_off() -> None:
    given, button = st.columns([3, 1], vertical_alignment="bottom")
    text = given.text_input("Id of a re-run", key=_ID).strip()
    if button.button("Call off what is left", icon=":material/cancel:", disabled=not text):
        try:
            rerun_id = UUID(text)
        except ValueError:
            st.error("An id of a re-run looks like 01a21350-6961-7029-b030-14379993b3ee.")
            return
        with stating_problems():
            images = client().reruns.cancel(rerun_id).images
            st.success(f"{counted(images, 'image')} called off, as they were before.", icon=":material/check_circle:")

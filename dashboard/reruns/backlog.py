"""Re-running a backlog: a form, a dry run, the re-run, and its cancellation. For operators."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID

import streamlit as st

from blurline.contract import BacklogRerun, BacklogRerunRequest
from blurline.contract.reruns import MAX_RERUN_IMAGES
from dashboard.access.session import client
from dashboard.days import zone
from dashboard.policy.form import overrides_form
from dashboard.problems import stating_problems
from dashboard.states import IMAGE_STATES, counted, plain

_STATES = ("failed", "needs_review", "published")
_LIMIT = 1000
_DRY_RUN, _NOTICE, _ID = "backlog-dry-run", "backlog-notice", "backlog-rerun-id"


def backlog() -> None:
    """Show the form, the outcome of a dry run, and the cancellation."""
    st.subheader("Re-run a backlog")
    st.caption("Each image keeps its result until the new one is ready. Empty fields do not restrict the selection.")
    wanted = _wanted()
    if st.button("Dry run", icon=":material/search:", disabled=wanted is None) and wanted:
        with stating_problems():
            st.session_state[_DRY_RUN] = (wanted, client().reruns.start(wanted))
    tried: tuple[BacklogRerunRequest, BacklogRerun] | None = st.session_state.get(_DRY_RUN)
    if tried and wanted and _text(tried[0]) == _text(wanted):
        _show_dry_run(*tried)
    if _NOTICE in st.session_state:
        st.success(st.session_state.pop(_NOTICE), icon=":material/check_circle:")
    _cancellation()


def _wanted() -> BacklogRerunRequest | None:
    """The request in the form; None while it is not valid."""
    first, second, third, fourth = st.columns(4)
    states = first.multiselect(
        "States", _STATES, ["failed"], format_func=lambda state: IMAGE_STATES[state].word, key="backlog-states"
    )
    owner = second.text_input("Owner of the images", placeholder="Anyone", key="backlog-owner").strip()
    job = third.text_input("Job", placeholder="Any job id", key="backlog-job").strip()
    days = fourth.date_input("Submitted on", [], key="backlog-days")
    score_below = first.number_input(
        "Face score below", 0.05, 1.0, None, 0.05, placeholder="Any score", key="backlog-score"
    )
    limit = second.number_input(
        "At most", 1, MAX_RERUN_IMAGES, _LIMIT, key="backlog-limit", help="The oldest images first."
    )
    another_model = third.toggle(
        "Another model",
        key="backlog-another-model",
        help="Only images whose result was not made with the model that their profile uses now.",
    )
    policy = overrides_form("backlog")
    since, until = _between(days)
    try:
        job_id = UUID(job) if job else None
    except ValueError:
        st.error("This is not a job id. A job id looks like 01a21350-6961-7029-b030-14379993b3ee.")
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
            "made_with_another_model": another_model,
            "score_below": score_below,
            "limit": limit,
            "policy": policy,
        }
    )


def _text(request: BacklogRerunRequest) -> str:
    """The request as sent. Comparing models would ignore a policy field that only one sets, to its default."""
    return request.model_dump_json(exclude_unset=True)


def _between(days: object) -> tuple[datetime | None, datetime | None]:
    """From the start of the first day to the end of the last, in the browser's time zone."""
    chosen = [day for day in (days if isinstance(days, tuple) else (days,)) if isinstance(day, date)]
    if not chosen:
        return None, None
    after_last = chosen[-1] + timedelta(days=1)
    return datetime.combine(chosen[0], time(), zone()), datetime.combine(after_last, time(), zone())


def _show_dry_run(wanted: BacklogRerunRequest, told: BacklogRerun) -> None:
    """Show the outcome of the dry run and the button that starts the re-run."""
    if told.without_original:
        st.caption(f"{counted(told.without_original, 'image')} left out because the original is no longer stored.")
    if not told.images:
        st.info("No image matches.", icon=":material/image:")
        return
    names = ", ".join(map(plain, told.names))
    more = told.images - len(told.names)
    st.markdown(
        f"**{counted(told.images, 'image')}** would be re-run: {names}" + (f" and {more:,} more." if more else ".")
    )
    if st.button(f"Re-run {counted(told.images, 'image')}", type="primary", icon=":material/replay:"):
        with stating_problems():
            begun = client().reruns.start(wanted.model_copy(update={"dry_run": False}))
            st.session_state[_NOTICE] = f"{counted(begun.images, 'image')} will be re-run."
            if begun.id:
                st.session_state[_ID] = str(begun.id)  # so that it can be cancelled below
            del st.session_state[_DRY_RUN]
            st.rerun()


def _cancellation() -> None:
    given, button = st.columns([3, 1], vertical_alignment="bottom")
    text = given.text_input("Id of a re-run", key=_ID).strip()
    if button.button("Cancel the re-run", icon=":material/cancel:", disabled=not text):
        try:
            rerun_id = UUID(text)
        except ValueError:
            st.error("This is not a re-run id. A re-run id looks like 01a21350-6961-7029-b030-14379993b3ee.")
            return
        with stating_problems():
            images = client().reruns.cancel(rerun_id).images
            st.success(
                f"{counted(images, 'image')} cancelled. They keep their previous results.",
                icon=":material/check_circle:",
            )

"""One job: its progress, failures and images."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from blurline.contract import Job, JobState
from dashboard.access.session import client, sees_everything
from dashboard.downloads import download_all
from dashboard.jobs.doubtful import doubtful
from dashboard.jobs.failures import failures
from dashboard.jobs.gallery import gallery
from dashboard.jobs.labels import written
from dashboard.problems import stating_problems
from dashboard.states import ago, counted, job_badge, plain
from dashboard.upkeep.health import WAITING_WAITS, show_delays

_LOOK_AGAIN_S = 2
_LOOK_AGAIN_FINISHED_S = 10  # a re-run or a reviewer may still change it


def job_view(job: Job) -> None:
    """Show the job and refresh it."""
    if job.state != "finished":
        show_delays(WAITING_WAITS)
    run_every = _LOOK_AGAIN_FINISHED_S if job.state == "finished" else _LOOK_AGAIN_S
    st.fragment(_live, run_every=run_every)(job.id, job.state)


def _live(job_id: UUID, state_at_first: JobState) -> None:
    with stating_problems():
        job = client().job(job_id)
        if job.state != state_at_first:
            st.rerun()  # which sets the refresh interval of the new state
        _head(job)
        download_all(job)
        doubtful(job)
        failures(job)
        gallery(job)


def _head(job: Job) -> None:
    progress, badge = job.progress, job_badge(job).badge
    owner = f" · {plain(job.owner)}" if sees_everything() else ""
    preset = f" · preset {plain(job.preset)}" if job.preset else ""
    labels = f" · {plain(written(job.labels))}" if job.labels else ""
    st.markdown(f"{badge} submitted {ago(job.created_at)}{owner}{preset}{labels}")
    ended = progress.images - progress.queued - progress.processing
    st.progress(ended / progress.images if progress.images else 1.0, _sentence(job))


def _sentence(job: Job) -> str:
    progress = job.progress
    parts = [f"**{progress.published:,}** of {counted(progress.images, 'image')} published"]
    for count, words in (
        (progress.queued + progress.processing, "in progress"),
        (progress.needs_review, "waiting for review"),
        (progress.failed, "failed"),
        (progress.deleted, "deleted"),
    ):
        if count:
            parts.append(f"{count:,} {words}")
    return ", ".join(parts)

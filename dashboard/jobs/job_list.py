"""The list of jobs, with filters. A click on a row opens the job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import streamlit as st

from blurline.contract import Job, JobPage, JobState
from blurline.file_names import safe_cell
from dashboard.access.session import client, sees_everything
from dashboard.address import in_address, one_of, restate_fields, text
from dashboard.days import days_field, zone
from dashboard.jobs.labels import parse_labels, written
from dashboard.jobs.previews import first_images
from dashboard.paging import Pages
from dashboard.problems import stating_problems
from dashboard.states import JOB_STATES, job_badge

_LOOK_AGAIN_S = 5
_PER_PAGE = 50
_ROW_PX = 36
_PERIODS = {"Any time": None, "Last 24 hours": 1, "Last 7 days": 7, "Last 30 days": 30}
_CHOSEN_DAYS = "Chosen days…"
_OPENED, _SHOWN = "opened", "jobs-shown"
_BLANK = (  # an empty cell reads "None"
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='48' height='32'%3E"
    "%3Crect width='48' height='32' rx='4' fill='gray' fill-opacity='.2'/%3E%3C/svg%3E"
)
_OF_THE_COMMAND = "blurline-submit"


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of jobs. ``days`` counts back from now; ``since`` and ``until`` are chosen days."""

    state: JobState | None = None
    owner: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    days: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    def page(self, cursor: str | None) -> JobPage:
        """A page of the matching jobs. Raises the client's errors."""
        since = datetime.now(UTC) - timedelta(days=self.days) if self.days else self.since
        return client().job_page(
            cursor, _PER_PAGE, state=self.state, labels=dict(self.labels), owner=self.owner, since=since,
            until=self.until,
        )  # fmt: skip


def job_list() -> None:
    """Show the filters and the table, which refreshes itself."""
    with stating_problems():
        _table(_filter())


def _filter() -> Filter:
    """The filter chosen in the widgets. Raises NotLabels."""
    columns = st.columns([2, 2, 2, 2] if sees_everything() else [2, 2, 2])
    state = columns[0].selectbox(
        "State",
        list(JOB_STATES),
        format_func=lambda state: JOB_STATES[state].word,
        placeholder="Any",
        **in_address("state", one_of(list(JOB_STATES))),
    )
    periods = [*_PERIODS, _CHOSEN_DAYS]
    period = columns[1].selectbox(
        "Submitted", periods, **in_address("submitted", lambda said: one_of(periods)(said) or periods[0], _period)
    )
    labels = columns[2].text_input("Label", placeholder="assignment=4711", **in_address("label", text))
    owner = (
        columns[3].text_input("Owner", placeholder="Anyone", **in_address("owner", text)) if sees_everything() else ""
    )
    since, until = days_field(columns[1], "Days", "days") if period == _CHOSEN_DAYS else (None, None)
    return Filter(state, owner.strip() or None, tuple(parse_labels(labels).items()), _PERIODS.get(period), since, until)


def _period(period: str) -> str | None:
    return None if period == next(iter(_PERIODS)) else period


@st.fragment(run_every=_LOOK_AGAIN_S)
def _table(wanted: Filter) -> None:
    with stating_problems():
        pages = Pages()
        page = pages.load(wanted.page)
        if not page.jobs:
            _show_none(wanted)
            return
        table = st.empty()
        pages.buttons(f"{len(page.jobs)} jobs", page.next_cursor)
        opened = st.session_state.setdefault(_OPENED, 0)
        if _SHOWN not in st.session_state:  # the words of the first table need not wait for its pictures
            st.session_state[_SHOWN] = True
            table.dataframe([_row(job, {}) for job in page.jobs], **_layout(page))
        icons = first_images(client(), page.jobs)
        chosen = table.dataframe(
            [_row(job, icons) for job in page.jobs],
            **_layout(page),
            on_select=restate_fields,
            selection_mode="single-cell",
            key=f"jobs-{opened}",
        )
        if chosen.selection.cells:
            row, _ = chosen.selection.cells[0]
            st.session_state[_OPENED] = opened + 1  # a new table, without a selection
            st.query_params["job"] = str(page.jobs[row].id)
            st.rerun()


def _layout(page: JobPage) -> dict[str, Any]:
    return {
        "column_config": _COLUMNS,
        "column_order": None if sees_everything() else [name for name in _NAMES if name != "Owner"],
        "hide_index": True,
        "height": _ROW_PX * (len(page.jobs) + 1),
    }


def _show_none(wanted: Filter) -> None:
    if wanted == Filter():
        st.info("There are no jobs yet. Submit photographs to create one.", icon=":material/upload:")
        st.page_link("submit.py", label="Submit photographs", icon=":material/upload:")
    else:
        st.info("No job matches the filters. Remove some of them.", icon=":material/filter_alt_off:")


def _row(job: Job, icons: Mapping[UUID, str]) -> dict[str, object]:
    progress = job.progress
    ended = progress.images - progress.queued - progress.processing
    return {
        "Picture": (icons.get(job.first_image.id) if job.first_image else None) or _BLANK,
        "Name": safe_cell(_name(job)),
        "State": job_badge(job).word,
        "Progress": ended / progress.images if progress.images else 1.0,
        "Images": progress.images,
        "Published": progress.published,
        "For review": progress.needs_review,
        "Failed": progress.failed,
        "Submitted": job.created_at.astimezone(zone()),
        "Owner": safe_cell(job.owner),  # the table can be downloaded as CSV
        "Labels": safe_cell(written(_own_labels(job))),
        "Job": str(job.id),
    }


def _name(job: Job) -> str:
    """The name of the first image, and how many others there are."""
    others = job.progress.images - 1
    name = job.first_image.name if job.first_image else ""
    return f"{name} and {others:,} more" if name and others > 0 else name


def _own_labels(job: Job) -> dict[str, str]:
    """The labels that a person gave: `blurline submit` adds one to find its job again."""
    return {name: value for name, value in job.labels.items() if name != _OF_THE_COMMAND}


_COLUMNS = {
    "Picture": st.column_config.ImageColumn("", width=50),
    "Name": st.column_config.TextColumn(width="medium"),
    "State": st.column_config.TextColumn(width=105),
    "Progress": st.column_config.ProgressColumn(width=110, format="percent", min_value=0, max_value=1),
    "Images": st.column_config.NumberColumn(width=70, format="localized"),
    "Published": st.column_config.NumberColumn(width=80, format="localized"),
    "For review": st.column_config.NumberColumn(width=80, format="localized"),
    "Failed": st.column_config.NumberColumn(width=60, format="localized"),
    "Submitted": st.column_config.DatetimeColumn(width=150, format="YYYY-MM-DD HH:mm:ss"),
    "Owner": st.column_config.TextColumn(width=110),
    "Labels": st.column_config.TextColumn(width="medium"),
    "Job": st.column_config.TextColumn(width="medium"),
}
_NAMES = tuple(_COLUMNS)

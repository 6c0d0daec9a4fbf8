"""System: health, queues, workers, retention, and re-running a backlog. For operators."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from blurline.contract import Retention, System, Waiting
from blurline.settings import load_settings
from dashboard.access.session import client
from dashboard.jobs.error_advice import meaning
from dashboard.problems import stating_problems
from dashboard.reruns.backlog import backlog
from dashboard.states import IMAGE_STATES, ago, counted, duration
from dashboard.upkeep.failed_attempts import failed_attempts
from dashboard.upkeep.health import show_messages, show_parts, show_queues

_LOOK_AGAIN_S = 2


def _show() -> None:
    st.title("System")
    settings = load_settings()
    with st.container(horizontal=True):
        st.link_button("Prefect", settings.prefect.ui_url, icon=":material/account_tree:")
        st.link_button("Metrics", f"{settings.api.shown_url}/metrics", icon=":material/monitoring:")
        st.link_button("API reference", f"{settings.api.shown_url}/docs", icon=":material/api:")
    _live()
    backlog()


@st.fragment(run_every=_LOOK_AGAIN_S)
def _live() -> None:
    with stating_problems():
        health = client().health()
        with show_parts(health):
            system = None if "database" in health.messages else client().system()
            if system is not None:
                show_queues(system.queues, health)
        show_messages(health)
        if system is None:
            return
        waiting, working = st.columns(2, gap="large")
        with waiting:
            _waiting(system)
        with working:
            _workers(system)
            _api_processes(system)
            _images(system)
        failed_attempts(system.fruitless_attempts)
        _housekeeping(system)
        _retention(system.retention)
        st.caption(f"Blurline {system.version} · PostgreSQL {system.database_version}")


def _waiting(system: System) -> None:
    st.subheader("Waiting")
    st.dataframe(
        [
            *_lines("Images in the queue “{}”", system.queues, ("express", "interactive", "backlog")),
            *(_line(f"For review: {meaning(code)}", waiting) for code, waiting in system.review.items()),
            _line("Batches to dispatch", system.outbox),
            _line("Webhook messages", system.webhook_deliveries),
        ],
        hide_index=True,
    )
    if system.disabled_webhooks:
        st.warning(f"{counted(system.disabled_webhooks, 'webhook')} disabled after failing for days.")


def _lines(title: str, waiting: Mapping[str, Waiting], always: tuple[str, ...] = ()) -> list[dict[str, object]]:
    none = Waiting(count=0, oldest_age_s=0)
    return [_line(title.format(name), waiting.get(name, none)) for name in dict.fromkeys((*always, *waiting))]


def _line(title: str, waiting: Waiting) -> dict[str, object]:
    return {"What": title, "How many": waiting.count, "Oldest": duration(waiting.oldest_age_s) if waiting.count else ""}


def _workers(system: System) -> None:
    st.subheader("Workers")
    if system.workers is None:
        st.warning("Prefect does not respond, so the workers are unknown.", icon=":material/cloud_off:")
    elif not system.workers:
        st.warning("No worker is running. Start one with `blurline worker`.", icon=":material/engineering:")
    else:
        st.dataframe(
            [
                {
                    "Worker": worker.name,
                    "Version": worker.version or "0.1.0",
                    "State": worker.status.lower(),
                    "Last heartbeat": ago(worker.last_heartbeat_at) if worker.last_heartbeat_at else "",
                }
                for worker in system.workers
            ],
            hide_index=True,
        )


def _api_processes(system: System) -> None:
    st.subheader("API")
    st.dataframe(
        [
            {"Process": each.name, "Version": each.version, "Connected": ago(each.since)}
            for each in system.api_processes
        ],
        hide_index=True,
    )


def _retention(retention: Retention) -> None:
    st.subheader("Retention")
    st.markdown(
        f"Originals: {_days(retention.keep_originals_days)} · Results: {_days(retention.keep_results_days)} · "
        f"Jobs: {_days(retention.keep_rows_days)} · Records of deletions: {_days(retention.keep_audit_days)}  \n"
        f"Uploads not submitted: {retention.keep_uploads_hours:g} hours · "
        f"Events and webhook logs: {retention.events_kept_days:g} days · "
        f"Idempotency-Keys: {retention.idempotency_hours:g} hours · "
        f"Presigned uploads: {duration(retention.upload_ttl_s)}"
    )


def _days(kept: float | None) -> str:
    return "until they are deleted" if kept is None else f"{kept:g} days"


def _housekeeping(system: System) -> None:
    st.subheader("Housekeeping")
    missing = system.missing_objects
    if missing.originals or missing.results:
        st.error(
            f"{counted(missing.originals, 'original')} and {counted(missing.results, 'result')} are missing from the "
            "store. List them with `blurline consistency`.",
            icon=":material/broken_image:",
        )
    failing = system.failing_removals
    if failing.count:
        st.error(
            f"The store refuses to remove objects of {counted(failing.count, 'deleted image')}, the oldest for "
            f"{duration(failing.oldest_age_s)}. Run `blurline doctor` for the reason.",
            icon=":material/delete_forever:",
        )
    for each in system.housekeeping:
        done = ", ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in sorted(each.counts.items()) if count)
        st.markdown(f"**{each.flow.capitalize()}** completed {ago(each.succeeded_at)}: {done or 'nothing to do'}")
    if system.holds:
        st.markdown(f"{counted(system.holds, 'legal hold')} in force")


def _images(system: System) -> None:
    st.subheader("Images")
    st.dataframe(
        [
            {"State": badge.word, "Images": system.images[state]}
            for state, badge in IMAGE_STATES.items()
            if state in system.images
        ]
        or [{"State": "No images yet", "Images": 0}],
        hide_index=True,
        column_config={"Images": st.column_config.NumberColumn(format="localized")},
    )


_show()

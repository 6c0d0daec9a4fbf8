"""reconcile: finds batches whose flow run will never finish them, and opens new attempts at their images.

Runs on a schedule. A flow run can end without settling its images (it crashed, or failed while the database was
down), be cancelled, be lost (deleted in Prefect), or hang. An image that another attempt has settled stays as it is:
`retry_or_fail` closes open attempts only.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import structlog
from prefect import flow
from prefect.client.schemas.objects import State

from blurline.errors import BlurlineError
from blurline.observability import metrics
from blurline.orchestration.flow_runs import NO_HEARTBEAT, FlowRuns, RunState, RunStateType
from blurline.settings import load_settings
from flows.outcome import Outcome, completed, dashboard_link, run_name
from sql.deletion.expired_records import expire_records
from sql.imports.imports import create_due_runs
from sql.jobs.cancellations import cancel_flow_runs, without_work
from sql.jobs.outbox import dispatch_waiting
from sql.jobs.retries import cancel_attempts, retry_or_fail, retry_policy
from sql.statistics.statistics import fold, note_releases
from sql.upkeep.reconcile import Underway, count_undispatched, list_underway
from tasks.resources import database

log = structlog.get_logger()

_CANCELLING_GRACE_S = 60
_DISPATCH_GRACE_S = 60
_SCHEDULED_GRACE_S = 300
_NOTED_RELEASES = 2000  # images in a run; they are locked for about half a second


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a flow run will not finish its batch. ``is_final``: its images get no further attempt."""

    code: str
    message: str
    is_final: bool = False


def judge(batch: Underway, state: RunState | None, deadline_s: float, pending_patience_s: float) -> Verdict | None:
    """The verdict on a batch under way, or None while its flow run can still finish it. Pure."""
    if state is None:
        return Verdict("flow_run_lost", "Prefect no longer has the flow run.")
    if state.type is RunStateType.CANCELLED:
        return Verdict("cancelled", "An operator cancelled the flow run; nothing was published.", is_final=True)
    if state.type.is_final and batch.started_age_s is None:
        return Verdict("flow_run_not_started", f"The flow run ended before a worker began: {state.message}")
    if state.type.is_final and not _is_only_silent(batch, state):
        return Verdict(f"flow_run_{state.type.lower()}", f"The flow run ended early: {state.message}")
    if state.type is RunStateType.CANCELLING and state.age_s > _CANCELLING_GRACE_S:
        return Verdict("cancelled", "An operator cancelled the flow run; nothing was published.", is_final=True)
    if state.type is RunStateType.PENDING and state.age_s > pending_patience_s:
        return Verdict("flow_run_stuck", f"No worker started the flow run within {pending_patience_s:.0f} s.")
    if batch.started_age_s is not None and batch.started_age_s > deadline_s:
        return Verdict("deadline", f"The attempt did not end within {deadline_s:.0f} s.")
    return None


def _is_only_silent(batch: Underway, state: RunState) -> bool:
    """Whether Prefect heard no heartbeat while the worker goes on. Prefect itself may have been away."""
    return state.type is RunStateType.CRASHED and state.message == NO_HEARTBEAT and batch.is_worker_connected


@flow(name="reconcile", flow_run_name=lambda: run_name("reconcile"), persist_result=False)
def reconcile() -> State[None]:
    """Retry batches that are stuck, dispatch overdue ones, continue imports, delete expired records, and return the
    counts."""
    settings = load_settings()
    scheduling = settings.scheduling
    counts: dict[str, int] = {}
    with closing(FlowRuns(settings)) as flow_runs:
        batches = list_underway(database())
        states = flow_runs.states([batch.flow_run_id for batch in batches])
        for batch in batches:
            state = states.get(batch.flow_run_id)
            verdict = judge(batch, state, scheduling.attempt_deadline_s, scheduling.pending_patience_s)
            if verdict is not None:
                try:
                    _carry_out(flow_runs, batch, state, verdict)
                except BlurlineError:
                    log.exception("batch_not_reconciled", batch_id=str(batch.batch_id))
                    continue
                counts[verdict.code] = counts.get(verdict.code, 0) + len(batch.attempt_ids)
        if count_undispatched(database()).age_s > _DISPATCH_GRACE_S:
            counts["late dispatch"] = _dispatch(flow_runs)
        while cancel_flow_runs(database(), flow_runs.cancel):
            pass
        if idle := without_work(database(), flow_runs.scheduled_batches(_SCHEDULED_GRACE_S)):
            flow_runs.cancel(idle, "Its batch has nothing left to do.")
            counts["cancelled runs"] = len(idle)
        if continued := create_due_runs(database(), flow_runs.create_import):
            counts["continued imports"] = continued
    if noted := note_releases(database(), _NOTED_RELEASES):
        counts["noted releases"] = noted
    fold(database())
    if expired := expire_records(database(), settings):
        counts["expired rows"] = expired
    said = ", ".join(f"{code}: {count}" for code, count in sorted(counts.items()))
    return completed(Outcome(said or "Nothing to do.", is_logged=bool(said), link=dashboard_link("system")))


def _dispatch(flow_runs: FlowRuns) -> int:
    """Dispatch in place of the API's dispatcher, which seems to be down. Return the number of batches."""
    flow_runs.check()
    total = 0
    while dispatched := dispatch_waiting(database(), lambda waiting: flow_runs.create(waiting.flow_run)):
        total += dispatched
    metrics.batches_dispatched_late.inc(total)
    log.error("outbox_was_late", batches=total)
    return total


def _carry_out(flow_runs: FlowRuns, batch: Underway, state: RunState | None, verdict: Verdict) -> None:
    """Settle the images first: a run that ended before them would look like a person's cancellation next time."""
    with database().transaction() as transaction:
        if verdict.is_final:
            cancel_attempts(transaction, batch.attempt_ids, verdict.code, verdict.message, has_run_ended=True)
        else:
            retry_or_fail(transaction, batch.attempt_ids, verdict.code, verdict.message, retry_policy(load_settings()))
    metrics.images_reconciled.labels(verdict.code).inc(len(batch.attempt_ids))
    log.warning("batch_reconciled", batch_id=str(batch.batch_id), code=verdict.code, images=len(batch.attempt_ids))
    if state is not None and not state.type.is_final:
        flow_runs.force_state(batch.flow_run_id, _ended(state.type), verdict.message)


def _ended(state: RunStateType) -> RunStateType:
    """The state that ends a flow run which is in this one."""
    match state:
        case RunStateType.RUNNING:
            return RunStateType.CANCELLING
        case RunStateType.CANCELLING:
            return RunStateType.CANCELLED
        case _:
            return RunStateType.CRASHED

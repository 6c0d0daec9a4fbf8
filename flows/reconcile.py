"""reconcile: finds batches whose flow run will never finish them, and has their images attempted anew.

Runs on a schedule. A flow run can end without settling its images (it crashed, it failed while the database
was away), be cancelled, be lost (its worker died before it started, somebody deleted it), or hang. Nothing
here touches an image that another attempt has settled: `try_again` closes open attempts only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx
import structlog
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import PrefectException
from prefect.states import Cancelled, Cancelling, Crashed

from blurline.errors import BlurlineError
from blurline.observability import metrics
from blurline.settings import load_settings
from sql.deletion.expired_records import prune
from sql.jobs.attempts import call_off, retrying, try_again
from sql.jobs.outbox import DEPLOYMENT, Waiting, dispatch_waiting
from sql.statistics.statistics import fold
from sql.upkeep.reconcile import Underway, count_undispatched, list_underway
from tasks.resources import database

log = structlog.get_logger()

_CANCELLING_PATIENCE_S = 60
_DISPATCH_PATIENCE_S = 60
_ASK_AT_ONCE = 200
_TERMINAL = {StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a batch will not be finished by its flow run. ``is_final``: its images are not attempted again."""

    code: str
    message: str
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class RunState:
    """What Prefect says of a flow run; ``age_s`` is how long it has been in this state."""

    type: StateType
    age_s: float
    message: str = ""


def judge(batch: Underway, state: RunState | None, deadline_s: float, pending_patience_s: float) -> Verdict | None:
    """The verdict on a batch under way, or None while its flow run may still finish it. Pure."""
    if state is None:
        return Verdict("flow_run_lost", "Prefect no longer has the flow run.")
    if state.type is StateType.CANCELLED:
        return Verdict("cancelled", "An operator cancelled the flow run; nothing was published.", is_final=True)
    if state.type in _TERMINAL:
        return Verdict(f"flow_run_{state.type.value.lower()}", f"The flow run ended early: {state.message}")
    if state.type is StateType.CANCELLING and state.age_s > _CANCELLING_PATIENCE_S:
        return Verdict("cancelled", "An operator cancelled the flow run; nothing was published.", is_final=True)
    if state.type is StateType.PENDING and state.age_s > pending_patience_s:
        return Verdict("flow_run_stuck", f"No worker started the flow run within {pending_patience_s:.0f} s.")
    if batch.started_age_s is not None and batch.started_age_s > deadline_s:
        return Verdict("deadline", f"The attempt did not end within {deadline_s:.0f} s.")
    return None


@flow(name="reconcile", persist_result=False)
def reconcile() -> str:
    """Attempt anew what is stuck, dispatch what was left lying, forget what is old, and say how much it was."""
    settings = load_settings()
    counts: dict[str, int] = {}
    with get_client(sync_client=True) as client:
        for batch, state in _with_states(client, list_underway(database())):
            verdict = judge(batch, state, settings.attempt_deadline_s, settings.pending_patience_s)
            if verdict is not None:
                try:
                    _carry_out(client, batch, state, verdict)
                except (BlurlineError, PrefectException, httpx.HTTPError):
                    log.exception("batch_not_reconciled", batch_id=str(batch.batch_id))
                    continue
                counts[verdict.code] = counts.get(verdict.code, 0) + len(batch.attempt_ids)
        if count_undispatched(database()).age_s > _DISPATCH_PATIENCE_S:
            counts["late dispatch"] = _dispatch(client)
    fold(database())
    if forgotten := prune(database(), settings):
        counts["forgotten rows"] = forgotten
    return ", ".join(f"{code}: {count}" for code, count in sorted(counts.items())) or "nothing to do"


def _dispatch(client: SyncPrefectClient) -> int:
    """Do what the API's dispatcher, which seems to be away, would have done; how many batches it was."""
    deployment_id = client.read_deployment_by_name(DEPLOYMENT).id

    def create(waiting: Waiting) -> UUID:
        return client.create_flow_run_from_deployment(deployment_id, **waiting.flow_run).id

    total = 0
    while dispatched := dispatch_waiting(database(), create):
        total += dispatched
    metrics.batches_dispatched_late.inc(total)
    log.error("outbox_was_late", batches=total)
    return total


def _carry_out(client: SyncPrefectClient, batch: Underway, state: RunState | None, verdict: Verdict) -> None:
    """Settle the images first: a run that is ended before would look cancelled by a person to the next round."""
    with database().transaction() as transaction:
        if verdict.is_final:
            call_off(transaction, batch.attempt_ids, verdict.code, verdict.message)
        else:
            try_again(transaction, batch.attempt_ids, verdict.code, verdict.message, retrying(load_settings()))
    metrics.images_reconciled.labels(verdict.code).inc(len(batch.attempt_ids))
    log.warning("batch_reconciled", batch_id=str(batch.batch_id), code=verdict.code, images=len(batch.attempt_ids))
    if state is not None and state.type not in _TERMINAL:
        ended: State[None] = Crashed(message=verdict.message)
        if state.type is StateType.RUNNING:
            ended = Cancelling(message=verdict.message)
        elif state.type is StateType.CANCELLING:
            ended = Cancelled(message=verdict.message)
        client.set_flow_run_state(batch.flow_run_id, ended, force=True)


def _with_states(client: SyncPrefectClient, batches: Sequence[Underway]) -> Iterator[tuple[Underway, RunState | None]]:
    for start in range(0, len(batches), _ASK_AT_ONCE):
        asked = batches[start : start + _ASK_AT_ONCE]
        wanted = FlowRunFilter(id=FlowRunFilterId(any_=[batch.flow_run_id for batch in asked]))
        found = {run.id: run for run in client.read_flow_runs(flow_run_filter=wanted, limit=_ASK_AT_ONCE)}
        for batch in asked:
            yield batch, _state(found, batch.flow_run_id)


def _state(found: dict[UUID, FlowRun], flow_run_id: UUID) -> RunState | None:
    run = found.get(flow_run_id)
    if run is None or run.state is None:
        return None
    age_s = (datetime.now(UTC) - run.state.timestamp).total_seconds()
    return RunState(run.state.type, age_s, run.state.message or "")

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from blurline.contract.reruns import BacklogRerunRequest
from blurline.ids import new_id
from blurline.orchestration.flow_runs import PrefectUnavailable
from blurline.settings import Settings
from sql.engine.database import Database
from sql.jobs.outbox import WaitingBatch, dispatch_waiting
from sql.jobs.retries import retry_or_fail
from sql.jobs.settlement import fail
from sql.reruns.reruns import rerun
from tests.factories import RETRY_POLICY, SIZE, add_job, started

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def labels_of_dispatched(database: Database) -> list[dict[str, Any]]:
    labels = []

    def create(waiting: WaitingBatch) -> Any:
        labels.append(waiting.flow_run["labels"])
        return new_id()

    dispatch_waiting(database, create)
    return labels


@pytest.mark.parametrize(
    ("traceparent", "expected"), [(TRACEPARENT, {"blurline.traceparent": TRACEPARENT}), (None, {})]
)
def test_a_flow_run_continues_the_trace_of_its_request(
    database: Database, traceparent: str | None, expected: dict[str, str]
) -> None:
    add_job(database, traceparent=traceparent)
    assert labels_of_dispatched(database) == [expected]


def test_a_further_attempt_continues_the_trace_of_its_request(database: Database) -> None:
    add_job(database, traceparent=TRACEPARENT)
    (attempt,) = started(database)
    with database.transaction() as transaction:
        retry_or_fail(transaction, [attempt.id], "store_unavailable", "away", RETRY_POLICY)
    assert labels_of_dispatched(database) == [{"blurline.traceparent": TRACEPARENT}]


def test_a_rerun_has_its_own_trace_with_a_link_to_the_old_one(database: Database) -> None:
    add_job(database, traceparent=TRACEPARENT)
    (attempt,) = started(database)
    with database.transaction() as transaction:
        fail(transaction, attempt, "unreadable_picture", "broken")
        rerun(transaction, BacklogRerunRequest(states=["failed"], dry_run=False), new_id(), SIZE, Settings())
    assert labels_of_dispatched(database) == [{"blurline.old_traceparent": TRACEPARENT}]


def test_a_batch_that_prefect_refuses_keeps_no_other(database: Database) -> None:
    refused, wanted = add_job(database), add_job(database)
    dispatched: list[UUID] = []

    def create(waiting: WaitingBatch) -> UUID:
        if waiting.job_id == refused:
            raise PrefectUnavailable("Prefect refuses this batch.")
        dispatched.append(waiting.job_id)
        return new_id()

    assert dispatch_waiting(database, create) == 1
    assert dispatched == [wanted]

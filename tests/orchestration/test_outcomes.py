"""What flow runs show in Prefect when they have ended: name, message, log and table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.flow_engine import run_flow
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_HOME,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)

from blurline.errors import OutputCheckFailed, PermanentError
from blurline.ids import new_id
from blurline.version import VERSION
from flows.anonymize import _outcome, anonymize
from flows.cancel_rerun import cancel_rerun
from flows.reconcile import reconcile
from flows.rerun_backlog import rerun_backlog
from sql.engine.database import Database
from sql.jobs.publishing import publish
from sql.jobs.settlement import fail
from sql.statistics.statistics import StatisticsFilter, releases
from tasks import resources
from tasks.work import Item, Work
from tests.factories import add_job, result, started
from tests.prefect_server import Prefect
from tests.servers import environment_of


@pytest.fixture(autouse=True)
def _as_a_worker(prefect: Prefect, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in environment_of(prefect.settings).items():
        monkeypatch.setenv(name, value)
    resources.database.cache_clear()
    auth = prefect.settings.prefect.api_auth_string
    assert auth is not None
    with temporary_settings(
        {
            PREFECT_API_URL: prefect.settings.prefect.api_url,
            PREFECT_API_AUTH_STRING: auth.get_secret_value(),
            PREFECT_HOME: prefect.home,
            PREFECT_LOGGING_TO_API_ENABLED: False,
        }
    ):
        yield
    resources.database().close()
    resources.database.cache_clear()


class Shown:
    """What Prefect shows of a run of a deployment, after it has run here as in a worker."""

    def __init__(self, prefect: Prefect, flow: Any, **parameters: Any) -> None:
        self.id = prefect.schedule_run(flow.name, parameters=parameters)
        flow_run = FlowRun.model_validate(prefect.client.get(f"/flow_runs/{self.id}").json())
        run_flow(flow, flow_run=flow_run.model_copy(update={"deployment_id": None}), return_type="state")
        after = prefect.client.get(f"/flow_runs/{self.id}").json()
        self.name, self.state, self.message = after["name"], after["state"]["type"], after["state"]["message"]
        of_run = {"flow_run_id": {"any_": [self.id]}}
        self.log = [line["message"] for line in prefect.post("/logs/filter", {"logs": of_run})]
        self.artifacts = prefect.post("/artifacts/filter", {"artifacts": of_run})


def test_a_dry_run_lists_the_images(prefect: Prefect, database: Database) -> None:
    job_id = _failed_job(database, 3)
    shown = Shown(prefect, rerun_backlog, job_id=str(job_id))
    assert shown.state == "COMPLETED"
    assert shown.name == f"dry run of failed images of job {job_id}"
    assert shown.message == "3 images would be re-run (dry run)."
    assert len(shown.log) == 1 and shown.message in shown.log[0]
    (table,) = shown.artifacts
    rows = json.loads(table["data"])
    assert [set(row) for row in rows] == [{"id", "name", "state"}] * 3
    assert {row["state"] for row in rows} == {"failed"}
    assert f"/jobs?job={job_id}" in table["description"] and f"/jobs?job={job_id}" in shown.log[0]


def test_a_re_run_says_how_to_cancel_it(prefect: Prefect, database: Database) -> None:
    _failed_job(database, 2)
    shown = Shown(prefect, rerun_backlog, dry_run=False)
    assert shown.id in shown.message and shown.message.startswith("2 images will be re-run")
    cancelled = Shown(prefect, cancel_rerun, rerun_id=shown.id)
    assert cancelled.name == f"cancel re-run {shown.id}"
    assert cancelled.message.startswith("2 images returned") and len(cancelled.log) == 1


def test_frequent_flows_write_nothing_beside_their_state(prefect: Prefect, database: Database) -> None:
    shown = Shown(prefect, reconcile)
    assert (shown.message, shown.log, shown.artifacts) == ("Nothing to do.", [], [])
    shown = Shown(prefect, anonymize, batch_id=str(new_id()))
    assert (shown.message, shown.log, shown.artifacts) == ("0 images: nothing left to do.", [], [])


def test_the_reconciler_notes_the_release_of_older_results(prefect: Prefect, database: Database) -> None:
    add_job(database, 2)
    for attempt in started(database):
        with database.transaction() as transaction:
            publish(transaction, attempt, result(f"{attempt.id}.jpg"))
    with psycopg.connect(prefect.settings.database.conninfo) as connection:
        connection.execute("UPDATE images SET made_by_version = NULL WHERE position = 0")
        connection.execute("UPDATE attempts SET blurline_version = NULL")
    assert Shown(prefect, reconcile).message == "noted releases: 1"
    now = datetime.now(UTC)
    made = releases(database, StatisticsFilter(now - timedelta(days=1), now + timedelta(days=1)))
    assert [(row.made_by_version, row.images) for row in made] == [(VERSION, 1), ("0.1.0", 1)]
    assert Shown(prefect, reconcile).message == "Nothing to do."


def test_a_run_with_failed_images_lists_them_without_names_of_files(database: Database) -> None:
    add_job(database, 4)
    work = Work(new_id())
    work.job_id, work.items = new_id(), [Item(attempt, settled=True, is_won=True) for attempt in started(database)]
    work.items[0].error = PermanentError("The file photo-of-ann.jpg is broken.")
    work.items[1].error = OutputCheckFailed("A face is still visible.")
    work.items[3].is_won = False
    outcome = _outcome(work)
    assert outcome.sentence == "4 images: 1 published, 1 held for review, 1 failed, 1 settled by another run."
    assert outcome.rows == [{"image": str(work.items[0].attempt.image_id), "error": PermanentError.code}]
    assert outcome.is_logged and outcome.link.endswith(f"/jobs?job={work.job_id}")


def _failed_job(database: Database, images: int) -> UUID:
    job_id = add_job(database, images)
    for attempt in started(database):
        with database.transaction() as transaction:
            fail(transaction, attempt, "unsupported_format", "The file is no picture.")
    return job_id

"""Work that is called off leaves Prefect too, by whichever door, at once or when Prefect is back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import httpx
import psycopg
import pytest

from api.app import create_app
from blurline.access.tokens import Scope
from blurline.contract.corrections import MarkedBox
from blurline.contract.reruns import BacklogRerunRequest
from blurline.ids import new_id
from blurline.orchestration.flow_runs import FlowRuns, RunStateType
from sql.deletion.deletions import delete_image, delete_job, grace_periods
from sql.engine.database import Database
from sql.jobs.attempts import start_batch
from sql.jobs.cancellations import cancel_flow_runs, without_work
from sql.jobs.outbox import dispatch_waiting
from sql.jobs.publishing import publish
from sql.reruns.reruns import cancel_attempts_of_job, cancel_attempts_of_rerun, rerun
from sql.review.reviews import correct_image, reject_image
from tests.api_requests import bearer
from tests.api_server import serving
from tests.factories import SIZE, add_job, dispatched, result, started
from tests.prefect_server import Prefect
from tests.waiting import TIMEOUT_S, wait_for


class Rerun:
    """A job of eight published images that are re-run in four batches of two."""

    def __init__(self, prefect: Prefect, database: Database, flow_runs: FlowRuns) -> None:
        self.prefect, self.database, self.flow_runs = prefect, database, flow_runs
        self.job_id, self.id = add_job(database, 8), new_id()
        for attempt in started(database):
            with database.transaction() as transaction:
                publish(transaction, attempt, result())
        with database.transaction() as transaction:
            request = BacklogRerunRequest(states=["published"], dry_run=False)
            rerun(transaction, request, self.id, SIZE, prefect.settings)
        self.dispatch()
        with psycopg.connect(prefect.settings.database.conninfo) as connection:
            self.batches = connection.execute(
                "SELECT batches.id, flow_run_id, array_agg(image_id ORDER BY image_id) FROM batches"
                " JOIN attempts ON batch_id = batches.id WHERE rerun_id IS NOT NULL GROUP BY batches.id ORDER BY 1"
            ).fetchall()

    def dispatch(self) -> None:
        """Create flow runs as the dispatcher does."""
        while dispatch_waiting(self.database, lambda waiting: self.flow_runs.create(waiting.flow_run)):
            pass

    def cancel(self) -> None:
        """Cancel flow runs as the dispatcher does."""
        while cancel_flow_runs(self.database, self.flow_runs.cancel):
            pass

    def states(self) -> list[str]:
        """The states of the four flow runs."""
        return self.prefect.states([flow_run_id for _, flow_run_id, _ in self.batches])


@pytest.fixture
def four(prefect: Prefect, database: Database, flow_runs: FlowRuns) -> Rerun:
    return Rerun(prefect, database, flow_runs)


def _delete_image(four: Rerun, image_id: UUID) -> None:
    assert delete_image(four.database, None, image_id, "ann", grace_periods(four.prefect.settings))


def _reject(four: Rerun, image_id: UUID) -> None:
    reject_image(four.database, "rita", image_id, "")


def _correct(four: Rerun, image_id: UUID) -> None:
    box = MarkedBox(x1=50.0, y1=10.0, x2=70.0, y2=30.0)
    correct_image(four.database, "rita", image_id, [box], SIZE, note="", is_held=False)


@pytest.mark.parametrize("door", [_delete_image, _reject, _correct])
def test_a_flow_run_is_cancelled_with_the_last_image_of_its_batch(
    four: Rerun, door: Callable[[Rerun, UUID], None]
) -> None:
    first, second = four.batches[1][2]
    door(four, first)
    four.cancel()
    assert four.states() == ["SCHEDULED"] * 4, "one image of the batch is left"
    door(four, second)
    four.cancel()
    assert four.states() == ["SCHEDULED", "CANCELLED", "SCHEDULED", "SCHEDULED"]


@pytest.mark.parametrize("door", ["job", "rerun", "deletion"])
def test_every_flow_run_of_what_is_called_off_is_cancelled(four: Rerun, door: str) -> None:
    if door == "job":
        assert cancel_attempts_of_job(four.database, four.job_id) == 8
    elif door == "rerun":
        assert cancel_attempts_of_rerun(four.database, four.id) == 8
    else:
        assert delete_job(four.database, None, four.job_id, "ann", grace_periods(four.prefect.settings))
    four.cancel()
    assert four.states() == ["CANCELLED"] * 4


def test_an_ended_flow_run_stays_as_it_is_and_a_running_one_is_left_to_its_worker(four: Rerun) -> None:
    (running_id, running, _), (_, ended, _), *_ = four.batches
    four.flow_runs.force_state(ended, RunStateType.COMPLETED, "")
    four.flow_runs.force_state(running, RunStateType.RUNNING, "")
    assert start_batch(four.database, running_id)
    cancel_attempts_of_rerun(four.database, four.id)
    four.cancel()
    assert four.states() == ["CANCELLING", "COMPLETED", "CANCELLED", "CANCELLED"]


def test_an_api_whose_prefect_is_away_answers_at_once_and_cancels_later(four: Rerun, prefect: Prefect) -> None:
    away = prefect.settings.replace(prefect_api_url="http://127.0.0.1:9/api")
    with serving(create_app(away)) as url, httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        client.headers["Authorization"] = bearer(away, "ann", Scope.SUBMIT)
        job = client.post(f"/v1/jobs/{four.job_id}/cancel").raise_for_status()
        assert job.elapsed.total_seconds() < 10
    assert four.states() == ["SCHEDULED"] * 4

    def is_cancelled() -> bool:
        four.cancel()
        return four.states() == ["CANCELLED"] * 4

    wait_for("Prefect is back and the delay is over", is_cancelled)


def test_a_batch_that_is_called_off_before_its_dispatch_never_becomes_a_flow_run(
    database: Database, prefect: Prefect
) -> None:
    add_job(database, 1)
    with psycopg.connect(prefect.settings.database.conninfo, autocommit=True) as connection:
        ((image_id,),) = connection.execute("SELECT id FROM images").fetchall()
        assert delete_image(database, None, image_id, "ann", grace_periods(prefect.settings))
        assert cancel_flow_runs(database, lambda *_: pytest.fail("there is none")) == 1
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
    assert dispatched(database) == []


def test_scheduled_flow_runs_of_batches_that_are_gone_are_found(four: Rerun, prefect: Prefect) -> None:
    gone = prefect.schedule_run("anonymize", timedelta(hours=1), parameters={"batch_id": str(new_id())})
    with_work = prefect.schedule_run("anonymize", timedelta(hours=1), parameters={"batch_id": str(four.batches[0][0])})
    due = four.flow_runs.scheduled_batches(60)
    assert set(map(str, due)) == {gone, with_work}, "the others are not due for so long"
    idle = without_work(four.database, due)
    assert list(map(str, idle)) == [gone]
    four.flow_runs.cancel(idle)
    assert prefect.states([gone, with_work]) == ["CANCELLED", "SCHEDULED"]

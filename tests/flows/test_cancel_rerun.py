"""The flow cancel-rerun, over the real database. Prefect is away: the flow runs that it cannot cancel find no work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blurline.contract.reruns import BacklogRerunRequest
from blurline.ids import new_id
from blurline.policy.profile import ProfileName
from blurline.settings import Settings
from flows.cancel_rerun import cancel_rerun
from sql.engine.database import Database
from sql.jobs.job_queries import list_images_of_job
from sql.jobs.publishing import publish
from sql.reruns.reruns import rerun
from tasks import resources
from tests import image_rows
from tests.factories import SIZE, result, started
from tests.servers import environment_of


@pytest.fixture(autouse=True)
def _worker(without_prefect: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in environment_of(without_prefect).items():
        monkeypatch.setenv(name, value)
    resources.database.cache_clear()
    yield
    resources.database().close()
    resources.database.cache_clear()


def test_only_the_rest_of_a_rerun_is_cancelled(database: Database) -> None:
    job_id = image_rows.submit(database, "ann", 3, ProfileName.STANDARD)
    for attempt in started(database):
        with database.transaction() as transaction:
            publish(transaction, attempt, result("before"))
    rerun_id, other_id = new_id(), new_id()
    for each, limit in ((rerun_id, 2), (other_id, 1)):
        request = BacklogRerunRequest(states=["published"], limit=limit, dry_run=False)
        with database.transaction() as transaction:
            rerun(transaction, request, each, SIZE, Settings())
    done, late, other = sorted(started(database), key=lambda attempt: attempt.name)
    with database.transaction() as transaction:
        publish(transaction, done, result("after"))

    # As Prefect calls it with what its form sends.
    said = cancel_rerun.fn(**cancel_rerun.validate_parameters({"rerun_id": str(rerun_id)})).message

    assert said is not None and said.startswith("1 images returned to their state")
    with database.transaction() as transaction:
        assert not publish(transaction, late, result("late")).is_won
        assert publish(transaction, other, result("other")).is_won
    images = list_images_of_job(database, job_id, 10)
    assert [(image.state, image.result_key) for image in images] == [
        ("published", "after"),
        ("published", "before"),
        ("published", "other"),
    ]
    again = cancel_rerun.fn(rerun_id).message
    assert again is not None and again.startswith("0 images"), "a second time there is nothing left"

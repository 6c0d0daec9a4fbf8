"""Re-running the images of a job over the API."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg
import pytest

from blurline.policy import Policy, Style
from blurline.settings import Settings
from blurline.store import Store
from blurline.tokens import Scope
from sql.database import Database
from tests.api.asking import bearer, images_of, problem, submit, underway
from tests.api.working import settle


@pytest.fixture
def job_id(client: httpx.Client, settings: Settings, database: Database, store: Store) -> str:
    """A job of ann's with a published picture and a failed one."""
    job = submit(client, "good.jpg", "broken.jpg")
    for attempt in underway(database, settings):
        settle(attempt, database, store)
    return str(job["id"])


def test_what_failed_is_made_anew(client: httpx.Client, settings: Settings, database: Database, job_id: str) -> None:
    answer = client.post(f"/v1/jobs/{job_id}/rerun")
    assert answer.status_code == 202 and answer.json()["images"] == 1
    (attempt,) = underway(database, settings)
    assert (attempt.name, attempt.number) == ("broken.jpg", 2)
    assert client.post(f"/v1/jobs/{job_id}/rerun").json()["images"] == 0  # it is under way already


def test_published_images_keep_their_result_until_the_new_policy_has_one(
    client: httpx.Client, settings: Settings, database: Database, store: Store, job_id: str
) -> None:
    changes = {"states": ["published"], "policy": {"style": "solid"}}
    assert client.post(f"/v1/jobs/{job_id}/rerun", json=changes).json()["images"] == 1
    with psycopg.connect(settings.database) as connection:
        row = connection.execute("SELECT policy FROM batches WHERE rerun_id IS NOT NULL").fetchone()
    assert row and row[0] == Policy(style=Style.SOLID).model_dump(mode="json")
    (attempt,) = underway(database, settings)
    before = images_of(client, {"id": job_id})["good.jpg"]
    assert (before["state"], before["is_underway"]) == ("published", True)
    assert client.get(before["result_url"]).is_success
    settle(attempt, database, store)
    after = images_of(client, {"id": job_id})["good.jpg"]
    assert (after["state"], after["is_underway"]) == ("published", False)


def test_a_rerun_counts_against_the_quota_of_its_owner_alone(
    client: httpx.Client, settings: Settings, job_id: str
) -> None:
    operator = {"Authorization": bearer(settings, "olga", Scope.OPERATE)}
    client.put("/v1/users/ann/quotas", json={"images_per_day": 2}, headers=operator).raise_for_status()
    assert "2 images a day" in problem(client.post(f"/v1/jobs/{job_id}/rerun"), 429, "quota_exceeded")
    answer = client.post(f"/v1/jobs/{job_id}/rerun", headers=operator)
    assert answer.status_code == 202 and answer.json()["images"] == 1


def test_a_rerun_is_for_those_who_may_submit_or_operate(client: httpx.Client, settings: Settings, job_id: str) -> None:
    def asked_by(owner: str, scope: Scope) -> httpx.Response:
        return client.post(f"/v1/jobs/{job_id}/rerun", headers={"Authorization": bearer(settings, owner, scope)})

    problem(asked_by("ann", Scope.REVIEW), 403, "missing_scope")
    problem(asked_by("rita", Scope.REVIEW), 403, "missing_scope")
    problem(asked_by("bob", Scope.SUBMIT), 404, "not_found")


def test_a_policy_that_is_none_is_refused(client: httpx.Client, job_id: str) -> None:
    wrong: list[dict[str, Any]] = [
        {"policy": {"style": "none"}},
        {"states": []},
        {"states": ["queued"]},
        {"policies": {}},
    ]
    for body in wrong:
        problem(client.post(f"/v1/jobs/{job_id}/rerun", json=body), 422, "invalid_request")

"""Re-running the images of a job, or of a backlog, over the API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest

from blurline.access.tokens import LocalIssuer, Scope
from blurline.client import ApiRefused, Client
from blurline.contract import BacklogRerunRequest, Job
from blurline.contract.reruns import MAX_RERUN_IMAGES
from blurline.ids import new_id
from blurline.policy import Policy, Style
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.settlement import fail
from sql.reruns import reruns
from tests.api_requests import bearer, images_of, problem, submit, underway
from tests.simulated_worker import settle


@pytest.fixture
def job_id(client: httpx.Client, settings: Settings, database: Database, store: Store) -> str:
    """A job of ann with a published and a failed picture."""
    job = submit(client, "good.jpg", "broken.jpg")
    for attempt in underway(database, settings):
        settle(attempt, database, store)
    return str(job["id"])


def test_failed_images_are_re_run(client: httpx.Client, settings: Settings, database: Database, job_id: str) -> None:
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
    with psycopg.connect(settings.database.conninfo) as connection:
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


def test_only_submitters_and_operators_may_rerun(client: httpx.Client, settings: Settings, job_id: str) -> None:
    def asked_by(owner: str, scope: Scope) -> httpx.Response:
        return client.post(f"/v1/jobs/{job_id}/rerun", headers={"Authorization": bearer(settings, owner, scope)})

    problem(asked_by("ann", Scope.REVIEW), 403, "missing_scope")
    problem(asked_by("rita", Scope.REVIEW), 403, "missing_scope")
    problem(asked_by("bob", Scope.SUBMIT), 404, "not_found")


def test_an_invalid_policy_is_refused(client: httpx.Client, job_id: str) -> None:
    wrong: list[dict[str, Any]] = [
        {"policy": {"style": "none"}},
        {"states": []},
        {"states": ["queued"]},
        {"policies": {}},
    ]
    for body in wrong:
        problem(client.post(f"/v1/jobs/{job_id}/rerun", json=body), 422, "invalid_request")


@pytest.fixture
def operator(client: httpx.Client, settings: Settings) -> Iterator[Client]:
    token = LocalIssuer(settings.home).issue("olga", [Scope.OPERATE], 60)
    with Client(str(client.base_url), token, patience_s=0) as operator:
        yield operator


def test_a_backlog_is_re_run_after_a_dry_run_has_listed_it(
    client: httpx.Client, settings: Settings, database: Database, job_id: str, operator: Client
) -> None:
    wanted = BacklogRerunRequest(states=["failed", "published"], policy=Policy(style=Style.SOLID))
    told = operator.reruns.start(wanted)
    assert (told.id, told.images, told.names) == (None, 2, ["good.jpg", "broken.jpg"])
    assert underway(database, settings) == []
    begun = operator.reruns.start(wanted.model_copy(update={"dry_run": False}))
    assert begun.id and (begun.images, begun.names) == (2, told.names)
    with psycopg.connect(settings.database.conninfo) as connection:
        batches = connection.execute(
            "SELECT DISTINCT queue, policy ->> 'style' FROM batches WHERE rerun_id IS NOT NULL"
        )
        assert batches.fetchall() == [("backlog", "solid")]
    assert operator.reruns.start(wanted).images == 0  # they are under way already


def test_only_matching_images_are_re_run(client: httpx.Client, job_id: str, operator: Client) -> None:
    def named(**wanted: Any) -> list[str]:
        return operator.reruns.start(BacklogRerunRequest.model_validate({"states": ["published"], **wanted})).names

    created_at = Job.model_validate(client.get(f"/v1/jobs/{job_id}").json()).created_at
    later = created_at + timedelta(hours=1)
    assert named() == named(owner="ann") == named(job_id=job_id) == named(submitted_until=later) == ["good.jpg"]
    assert named(owner="bob") == named(job_id=new_id()) == named(submitted_from=later) == []
    assert named(states=["published", "failed"], limit=1) == ["good.jpg"]
    assert named(score_below=0.95) == ["good.jpg"] and named(score_below=0.5) == []  # its face has 0.9


def test_a_dry_run_lists_at_most_20_images(client: httpx.Client, settings: Settings, database: Database) -> None:
    names = [f"{at:02}-broken.jpg" for at in range(21)]
    submit(client, *names)
    with database.transaction() as transaction:
        for attempt in underway(database, settings):
            fail(transaction, attempt, "unreadable_picture", "It cannot be read.")
    headers = {"Authorization": bearer(settings, "olga", Scope.OPERATE)}
    answer = client.post("/v1/reruns", json={}, headers=headers).json()
    assert answer == {"id": None, "images": 21, "names": names[:20], "without_original": 0}


def test_a_backlog_larger_than_one_statement_is_re_run_and_cancelled_whole(
    client: httpx.Client, settings: Settings, database: Database, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reruns, "_AT_ONCE", 4)
    for at in range(3):
        submit(client, *[f"{at}-{number}-broken.jpg" for number in range(6)])
    with database.transaction() as transaction:
        for attempt in underway(database, settings):
            fail(transaction, attempt, "unreadable_picture", "It cannot be read.")
    begun = operator.reruns.start(BacklogRerunRequest(limit=17, dry_run=False))
    assert begun.id and begun.images == 17
    again = underway(database, settings)
    assert len({attempt.image_id for attempt in again}) == len(again) == 17
    assert {attempt.number for attempt in again} == {2}
    assert operator.reruns.cancel(begun.id).images == 17
    assert underway(database, settings) == []


def test_the_rest_of_a_rerun_is_cancelled(
    client: httpx.Client, settings: Settings, database: Database, job_id: str, operator: Client
) -> None:
    begun = operator.reruns.start(BacklogRerunRequest(states=["failed", "published"], dry_run=False))
    assert begun.id
    assert operator.reruns.cancel(begun.id).images == 2
    images = images_of(client, {"id": job_id})
    assert {name: (image["state"], image["is_underway"]) for name, image in images.items()} == {
        "good.jpg": ("published", False),
        "broken.jpg": ("failed", False),
    }
    assert underway(database, settings) == []
    assert operator.reruns.cancel(begun.id).images == 0
    with pytest.raises(ApiRefused) as refused:
        operator.reruns.cancel(new_id())
    assert refused.value.code == "not_found"


def test_a_backlog_with_invalid_filters_is_refused(client: httpx.Client, settings: Settings) -> None:
    headers = {"Authorization": bearer(settings, "olga", Scope.OPERATE)}
    wrong: list[dict[str, Any]] = [
        {"limit": MAX_RERUN_IMAGES + 1},
        {"limit": 0},
        {"states": ["queued"]},
        {"score_below": 0},
        {"submitted_from": "yesterday"},
        {"dry_run": "no"},
        {"made_with_another_model": "yes"},
    ]
    for body in wrong:
        problem(client.post("/v1/reruns", json=body, headers=headers), 422, "invalid_request")

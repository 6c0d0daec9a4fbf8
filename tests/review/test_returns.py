"""Sending published images of a job to review, and taking decisions back."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg
import pytest

from blurline.access.tokens import Scope
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from tests.api_requests import bearer, images_of, problem, publish_all, submit

_DOUBTS = {"a.jpg": 0.6, "b.jpg": 0.61, "c.jpg": 0.9, "d.jpg": None}


@pytest.fixture
def job(client: httpx.Client, settings: Settings, database: Database, store: Store) -> dict[str, Any]:
    """ann's job of published images with these doubts."""
    made = submit(client, *_DOUBTS)
    publish_all(database, settings, store)
    with psycopg.connect(settings.database.conninfo) as connection:
        for name, doubt in _DOUBTS.items():
            connection.execute("UPDATE images SET doubt = %s WHERE name = %s", (doubt, name))
    return made


def _send(client: httpx.Client, job: dict[str, Any], **selection: Any) -> int:
    sent = client.post(f"/v1/jobs/{job['id']}/review", json=selection).raise_for_status().json()
    return int(sent["images"])


def test_the_owner_sends_doubtful_images_to_review(
    client: httpx.Client, settings: Settings, job: dict[str, Any]
) -> None:
    assert _send(client, job, doubt_above=0.6) == 2
    assert _send(client, job, doubt_above=0.6) == 0
    images = images_of(client, job)
    assert [images[name]["state"] for name in _DOUBTS] == ["published", "needs_review", "needs_review", "published"]
    assert images["b.jpg"]["error"]["code"] == "sent_to_review"
    problem(client.get(f"/v1/images/{images['b.jpg']['id']}/result"), 409, "not_published")
    client.headers["Authorization"] = bearer(settings, "rita", Scope.REVIEW)
    task = client.post("/v1/reviews/next").raise_for_status().json()["task"]
    assert (task["image"]["name"], task["waiting"]) == ("c.jpg", 2)
    seen = {"result_sha256": task["image"]["result_sha256"]}
    assert client.post(f"/v1/images/{task['image']['id']}/approve", json=seen).json()["state"] == "published"


def test_reviewers_take_decisions_back(client: httpx.Client, settings: Settings, job: dict[str, Any]) -> None:
    image = images_of(client, job)["a.jpg"]
    client.post(f"/v1/jobs/{job['id']}/review", json={"image_ids": [image["id"]]}).raise_for_status()
    ann = client.headers["Authorization"]
    client.headers["Authorization"] = bearer(settings, "rita", Scope.REVIEW)
    client.post(f"/v1/images/{image['id']}/reject").raise_for_status()
    assert _send(client, job, doubt_above=0.0) == 2  # never a rejected image that nobody names
    client.headers["Authorization"] = ann
    assert _send(client, job, image_ids=[image["id"]]) == 0  # the owner cannot take a rejection back
    client.headers["Authorization"] = bearer(settings, "rita", Scope.REVIEW)
    assert _send(client, job, image_ids=[image["id"]]) == 1
    assert images_of(client, job)["a.jpg"]["state"] == "needs_review"
    seen = {"result_sha256": image["result_sha256"]}
    client.post(f"/v1/images/{image['id']}/approve", json=seen).raise_for_status()
    assert images_of(client, job)["a.jpg"]["state"] == "published"


def test_images_that_are_processed_or_gone_are_left_out(
    client: httpx.Client, settings: Settings, job: dict[str, Any]
) -> None:
    ids = [image["id"] for image in images_of(client, job).values()]
    client.post(f"/v1/jobs/{job['id']}/rerun", json={"states": ["published"], "limit": 1}).raise_for_status()
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("UPDATE images SET result_gone_at = now(), result_gone_why = 'expired' WHERE name = 'd.jpg'")
    underway = sum(image["is_underway"] for image in images_of(client, job).values())
    assert underway == 1 and _send(client, job, image_ids=ids) == 2


def test_others_can_send_nothing_to_review(client: httpx.Client, settings: Settings, job: dict[str, Any]) -> None:
    path = f"/v1/jobs/{job['id']}/review"
    bodies: list[dict[str, Any]] = [{}, {"doubt_above": 2}, {"image_ids": []}, {"doubt_above": None}, {"all": True}]
    for body in bodies:
        problem(client.post(path, json=body), 422, "invalid_request")
    other = submit(client, "e.jpg")
    (image,) = [image["id"] for image in images_of(client, job).values() if image["name"] == "a.jpg"]
    assert _send(client, other, image_ids=[image]) == 0  # of another job
    client.headers["Authorization"] = bearer(settings, "bob", Scope.SUBMIT)
    problem(client.post(path, json={"doubt_above": 0.5}), 404, "not_found")

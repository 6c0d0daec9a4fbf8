"""Four eyes: where a policy or the installation demands two reviewers, nobody publishes a held result alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import httpx
import psycopg
import pytest

from blurline.access.tokens import Scope
from blurline.decision.correction import corrected_choices
from blurline.decision.doubt import Doubt
from blurline.policy import Policy, Review
from blurline.settings import Settings
from sql.engine.database import Database
from sql.jobs.publishing import ReviewReason, publish
from sql.review.reviews import AnotherReviewerNeeded, approve_image, correct_image
from tasks.review_gate import review_reason
from tests.api_requests import bearer, problem, submit, underway
from tests.factories import SIZE, result
from tests.waiting import TIMEOUT_S

TWO = Policy(reviewers=2)
SEEN = {"result_sha256": "a"}
BOX = {"frame": 0, "x1": 50.0, "y1": 10.0, "x2": 70.0, "y2": 30.0}

Enter = Callable[[str], httpx.Client]


@pytest.fixture
def reviewer(client: httpx.Client, settings: Settings) -> Iterator[Enter]:
    with ExitStack() as stack:

        def enter(name: str) -> httpx.Client:
            headers = {"Authorization": bearer(settings, name, Scope.REVIEW)}
            return stack.enter_context(httpx.Client(base_url=client.base_url, headers=headers, timeout=TIMEOUT_S))

        yield enter


def _hold(client: httpx.Client, settings: Settings, database: Database, policy: Policy = TWO) -> str:
    """Submit an image and hold its result; the image's address."""
    submit(client, "a.jpg", policy=policy.model_dump_json(exclude_unset=True))
    (attempt,) = underway(database, settings)
    with database.transaction() as transaction:
        publish(transaction, attempt, replace(result("a"), policy=policy), ReviewReason("doubtful", "Look at it."))
    return f"/v1/images/{attempt.image_id}"


def _next(reviewer: httpx.Client) -> str | None:
    task = reviewer.post("/v1/reviews/next").raise_for_status().json()["task"]
    return None if task is None else f"/v1/images/{task['image']['id']}"


def _code(response: httpx.Response) -> str | None:
    image = response.raise_for_status().json()
    assert image["state"] == ("needs_review" if image["error"] else "published")
    return image["error"] and str(image["error"]["code"])


def test_two_different_reviewers_publish_a_result(
    client: httpx.Client, settings: Settings, database: Database, reviewer: Enter
) -> None:
    url = _hold(client, settings, database)
    rita, rob = reviewer("rita"), reviewer("rob")
    assert _next(rita) == url
    assert _code(rita.post(f"{url}/approve", json=SEEN)) == "second_approval"
    problem(client.get(f"{url}/result"), 409, "not_published")
    assert "Another reviewer" in problem(rita.post(f"{url}/approve", json=SEEN), 409, "another_reviewer_needed")
    assert _next(rita) is None
    assert _next(rob) == url
    assert _code(rob.post(f"{url}/approve", json=SEEN)) is None
    decisions = rob.get(f"{url}/decisions").json()["decisions"]
    assert [(each["kind"], each["reviewer"]) for each in decisions] == [("approved", "rita"), ("approved", "rob")]
    with psycopg.connect(settings.database.conninfo) as connection:
        query = "SELECT type, data ->> 'error_code' FROM events WHERE image_id IS NOT NULL ORDER BY sequence"
        told = connection.execute(query).fetchall()
    assert told[-2:] == [("image.needs_review", "second_approval"), ("image.published", None)]


def test_one_reviewer_is_enough_to_reject_or_to_void_the_first_approval(
    client: httpx.Client, settings: Settings, database: Database, reviewer: Enter
) -> None:
    url = _hold(client, settings, database)
    rita, rob = reviewer("rita"), reviewer("rob")
    job = f"/v1/jobs/{client.get(url).json()['job_id']}/review"
    rita.post(f"{url}/approve", json=SEEN).raise_for_status()
    sent = rob.post(job, json={"image_ids": [url.rpartition("/")[2]]}).raise_for_status().json()
    assert sent == {"images": 1}
    assert _code(rob.post(f"{url}/approve", json=SEEN)) == "second_approval"
    assert rob.post(f"{url}/reject").json()["error"]["code"] == "rejected"
    rita.post(job, json={"image_ids": [url.rpartition("/")[2]]}).raise_for_status()
    assert _code(rob.post(f"{url}/approve", json=SEEN)) == "second_approval"
    assert _code(rita.post(f"{url}/approve", json=SEEN)) is None


def test_a_correction_is_the_first_approval_of_its_result(
    client: httpx.Client, settings: Settings, database: Database, reviewer: Enter
) -> None:
    url = _hold(client, settings, database)
    rita, rob = reviewer("rita"), reviewer("rob")
    rita.post(f"{url}/approve", json=SEEN).raise_for_status()
    rob.post(f"{url}/correct", json={"destroy": [BOX]}).raise_for_status()
    (attempt,) = underway(database, settings)
    assert attempt.correction is not None
    made = replace(result("b"), policy=TWO, choices=corrected_choices(attempt.correction, 1))
    with database.transaction() as transaction:
        publish(transaction, attempt, made, review_reason(TWO, Doubt(0), attempt.correction))
    assert _code(rob.get(url)) == "second_approval"
    assert _next(rob) is None
    problem(rob.post(f"{url}/approve", json=SEEN), 409, "another_reviewer_needed")
    assert _code(rita.post(f"{url}/approve", json=SEEN)) is None


def test_the_installation_demands_two_reviewers_of_what_waits_already(
    client: httpx.Client, settings: Settings, database: Database, reviewer: Enter
) -> None:
    url = _hold(client, settings, database, Policy(review=Review.ALWAYS))
    image_id = reviewer("rita").get(url).json()["id"]
    for name in ("rita", "rob"):
        approve_image(database, name, image_id, "a", least_reviewers=2)
        if name == "rita":
            with pytest.raises(AnotherReviewerNeeded):
                approve_image(database, name, image_id, "a", least_reviewers=2)
    assert _code(client.get(url)) is None
    correct_image(database, "rita", image_id, [], SIZE, note="", is_held=False, least_reviewers=2)
    (attempt,) = underway(database, settings)
    assert attempt.correction is not None and attempt.correction.is_first_approval

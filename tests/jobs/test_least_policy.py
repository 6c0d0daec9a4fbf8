"""No way to submit pictures gets round the least policy of the installation."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from blurline.access.tokens import Scope
from blurline.policy import Policy
from blurline.settings import Settings
from sql.engine.database import Database
from sql.jobs.presets import PresetRow, put_preset
from sql.jobs.publishing import ReviewReason, publish
from tests.api_requests import bearer, problem, submit, underway, upload
from tests.factories import result
from tests.pictures import HOPPER

LESS = {"review": "never"}


@pytest.fixture
def without_prefect(settings: Settings) -> Settings:
    """Every result is reviewed by two people, and no preset may have a keep-region."""
    return settings.replace(
        prefect_api_url="http://127.0.0.1:9/api",
        least_review="always",
        least_reviewers=2,
        allow_keep_regions=False,
        highest_min_score=0.3,
    )


def test_every_submission_is_raised(client: httpx.Client, database: Database) -> None:
    loose = Policy.model_validate({**LESS, "keep_regions": [{"x1": 0, "y1": 0, "x2": 1, "y2": 1}], "min_score": 0.9})
    put_preset(database, PresetRow("loose", "Stored before the settings were tightened.", loose), "olga")
    shown = {each["name"]: each["policy"] for each in client.get("/v1/presets").json()["presets"]}
    assert [shown[name]["review"] for name in ("default", "loose")] == ["always", "always"]
    policies = [
        submit(client, "a.jpg")["policy"],
        submit(client, "a.jpg", preset="loose")["policy"],
        submit(client, "a.jpg", preset="fast", policy='{"min_score": null}')["policy"],
        client.post("/v1/jobs", json={"images": [{"key": upload(client, b"x")}], "preset": "loose"}).json()["policy"],
        _dropped_in(client),
    ]
    assert [(each["review"], each["keep_regions"]) for each in policies] == [("always", [])] * len(policies)
    assert {each["reviewers"] for each in policies} == {2}
    assert [each["min_score"] for each in policies] == [None, 0.3, 0.3, 0.3, None]


def test_what_waits_already_needs_the_reviewers_that_are_demanded_now(
    client: httpx.Client, settings: Settings, database: Database
) -> None:
    submit(client, "a.jpg")
    (attempt,) = underway(database, settings)
    with database.transaction() as transaction:  # with a policy from before the setting was tightened
        publish(transaction, attempt, result("a"), ReviewReason("doubtful", "Look at it."))
    url = f"/v1/images/{attempt.image_id}/approve"
    rita, rob = ({"Authorization": bearer(settings, name, Scope.REVIEW)} for name in ("rita", "rob"))
    for who, state in ((rita, "needs_review"), (rob, "published")):
        assert client.post(url, json={"result_sha256": "a"}, headers=who).json()["state"] == state


@pytest.mark.parametrize(
    "less", [LESS, {"keep_regions": [{"x1": 0, "y1": 0, "x2": 1, "y2": 1}]}, {"min_score": 0.5, "review": "always"}]
)
def test_a_request_that_asks_for_less_is_refused(
    client: httpx.Client, settings: Settings, less: dict[str, Any]
) -> None:
    form = client.post("/v1/jobs", files=[("files", ("a", HOPPER.read_bytes()))], data={"policy": json.dumps(less)})
    keys = client.post("/v1/jobs", json={"images": [{"key": upload(client, b"x")}], "policy": less})
    operator = {"Authorization": bearer(settings, "olga", Scope.OPERATE)}
    preset = client.put("/v1/presets/own", json={"description": "Less.", "policy": less}, headers=operator)
    for answer in (form, keys, preset):
        assert "BLURLINE_" in problem(answer, 422, "policy_below_least")
    assert client.get("/v1/jobs").json()["jobs"] == []


def _dropped_in(client: httpx.Client) -> dict[str, Any]:
    """Submit an object through the compatibility route; the policy of its job."""
    image = client.post("/v1/image/submit", json={"object_key": upload(client, b"x")}).raise_for_status().json()
    policy: dict[str, Any] = client.get(f"/v1/jobs/{image['job_id']}").json()["policy"]
    return policy

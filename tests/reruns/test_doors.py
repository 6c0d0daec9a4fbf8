"""The four doors to a re-run select the same images for the same filters, with the same limits and overrides."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import httpx
import psycopg
import pytest
from prefect.exceptions import ParameterTypeError
from pydantic import ValidationError
from typer.testing import CliRunner

from blurline.access.tokens import Scope
from blurline.cli.command import app
from blurline.contract.reruns import MAX_RERUN_IMAGES
from blurline.errors import ConfigurationError
from blurline.policy import Policy
from blurline.policy.least_policy import PolicyBelowLeast
from blurline.policy.profile import ProfileName
from blurline.settings import Settings
from flows.rerun_backlog import rerun_backlog
from sql.engine.database import Database
from sql.jobs.publishing import ReviewReason
from sql.reruns.reruns import ModelsUnknown, cancel_attempts_of_job, record_models
from tasks import resources
from tests import image_rows
from tests.api_requests import bearer
from tests.servers import environment_of

Fields = Mapping[str, Any]
Door = Callable[[Fields, Fields], int]
DoorName = Literal["flow", "command", "backlog", "job"]
DOORS: tuple[DoorName, ...] = ("flow", "command", "backlog", "job")

JOB, ANNS_TIME, BOBS_TIME = "ann's job", "ann's time", "bob's time"
"""Stand for values that are known only when the rows are there."""

FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"ann/2.jpg", "bob/2.jpg"}),
    ({"states": ["published"]}, {"ann/0.jpg", "ann/1.jpg", "bob/1.jpg"}),
    ({"states": ["needs_review", "failed"]}, {"ann/2.jpg", "bob/0.jpg", "bob/2.jpg"}),
    ({"owner": "bob"}, {"bob/2.jpg"}),
    ({"owner": "nobody"}, set()),
    ({"submitted_from": BOBS_TIME}, {"bob/2.jpg"}),
    ({"submitted_until": BOBS_TIME}, {"ann/2.jpg"}),
    ({"states": ["published"], "score_below": 0.6}, {"ann/1.jpg", "bob/1.jpg"}),
    ({"states": ["published"], "made_with_another_model": True}, {"ann/0.jpg"}),
    ({"states": ["published"], "limit": 2}, {"ann/0.jpg", "ann/1.jpg"}),
    ({"job_id": JOB}, {"ann/2.jpg"}),
    ({"job_id": JOB, "states": ["published"]}, {"ann/0.jpg", "ann/1.jpg"}),
    ({"job_id": JOB, "states": ["published"], "score_below": 0.6}, {"ann/1.jpg"}),
    ({"job_id": JOB, "states": ["published"], "made_with_another_model": True}, {"ann/0.jpg"}),
    ({"job_id": JOB, "states": ["published"], "limit": 1}, {"ann/0.jpg"}),
    ({"job_id": JOB, "submitted_from": ANNS_TIME, "submitted_until": BOBS_TIME}, {"ann/2.jpg"}),
    ({"job_id": JOB, "submitted_from": BOBS_TIME}, set()),
]

OVERRIDES: list[dict[str, Any]] = [
    {},
    {"style": "solid"},
    {"profile": "thorough", "min_score": 0.25, "cells_per_face": 3},
    {"always_regions": [{"x1": 0, "y1": 0, "x2": 0.5, "y2": 0.5}], "exact": True},
]

WRONG: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"states": ["queued"]}, {}),
    ({"score_below": 0}, {}),
    ({"score_below": 1.5}, {}),
    ({"limit": 0}, {}),
    ({"limit": MAX_RERUN_IMAGES + 1}, {}),
    ({"submitted_from": "yesterday"}, {}),
    ({}, {"style": "none"}),
    ({}, {"padding": 3}),
    ({}, {"colour": "red"}),
]


class Doors:
    """Each door starts a re-run, and returns the number of images that it reports."""

    def __init__(self, client: httpx.Client, settings: Settings, job_id: UUID) -> None:
        self._client, self._job_id = client, job_id
        self._headers = {"Authorization": bearer(settings, "olga", Scope.OPERATE)}

    def __getitem__(self, name: DoorName) -> Door:
        found: Door = getattr(self, f"_{name}")
        return found

    def _flow(self, filters: Fields, overrides: Fields) -> int:
        """Run the flow with the parameters that the form sends."""
        form = {**filters, "policy_overrides": {**overrides}, "dry_run": False}
        state = rerun_backlog.fn(**rerun_backlog.validate_parameters(form))
        assert state.message is not None
        return int(state.message.split()[0])

    def _command(self, filters: Fields, overrides: Fields) -> int:
        options = {"job_id": "--job", "score_below": "--score-below", "limit": "--limit", "owner": "--owner"}
        options |= {"submitted_from": "--submitted-from", "submitted_until": "--submitted-until"}
        arguments = [f"{options[name]}={value}" for name, value in filters.items() if name in options]
        arguments += [f"--state={state}" for state in filters.get("states", [])]
        arguments += ["--another-model"] * filters.get("made_with_another_model", False)
        for name, value in overrides.items():
            arguments.append(f"--override={name}={value if isinstance(value, str) else json.dumps(value)}")
        done = CliRunner().invoke(app, ["rerun", "--yes", *arguments])
        if done.exception:
            raise done.exception
        return int(done.stdout.splitlines()[-1].split()[0])

    def _backlog(self, filters: Fields, overrides: Fields) -> int:
        body = {**filters, "policy": overrides, "dry_run": False}
        return self._answer(self._client.post("/v1/reruns", json=body, headers=self._headers))

    def _job(self, filters: Fields, overrides: Fields) -> int:
        body = {name: value for name, value in filters.items() if name != "job_id"} | {"policy": overrides}
        return self._answer(self._client.post(f"/v1/jobs/{self._job_id}/rerun", json=body, headers=self._headers))

    @staticmethod
    def _answer(response: httpx.Response) -> int:
        return int(response.raise_for_status().json()["images"])


@pytest.fixture
def without_prefect(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """Settings with an unreachable Prefect, and those of the test."""
    return settings.replace(prefect_api_url="http://127.0.0.1:9/api", **getattr(request, "param", {}))


@pytest.fixture
def jobs(settings: Settings, database: Database) -> dict[str, UUID]:
    """ann's job: published by m1 and m2, and failed. bob's: held, published and failed."""
    jobs = {
        "ann": image_rows.submit(database, "ann", 3, ProfileName.STANDARD),
        "bob": image_rows.submit(database, "bob", 3, ProfileName.FAST),
    }
    made = {"ann/0.jpg": (0.9, "m1"), "ann/1.jpg": (0.55, "m2"), "bob/0.jpg": (0.9, "m1"), "bob/1.jpg": (0.55, "m1")}
    for attempt, policy in image_rows.underway(database, settings):
        if attempt.name in made:
            score, model = made[attempt.name]
            result = image_rows.made(attempt, policy, [[1, 2, 30, 40, score]], model)
            held = ReviewReason("doubtful", "Look.") if attempt.name == "bob/0.jpg" else None
            image_rows.settle(database, attempt, result, held)
        else:
            image_rows.settle(database, attempt, "unreadable_picture")
    return jobs


@pytest.fixture
def doors(
    client: httpx.Client, without_prefect: Settings, jobs: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Doors]:
    for name, value in environment_of(without_prefect).items():
        monkeypatch.setenv(name, value)
    resources.database.cache_clear()
    yield Doors(client, without_prefect, jobs["ann"])
    if resources.database.cache_info().currsize:
        resources.database().close()
    resources.database.cache_clear()


def taken(settings: Settings, database: Database, jobs: Mapping[str, UUID]) -> dict[str, dict[str, Any]]:
    """The policies of the images being re-run, by image name; then cancel them."""
    with psycopg.connect(settings.database.conninfo) as connection:
        rows = connection.execute(
            "SELECT images.name, batches.policy FROM images JOIN attempts ON attempts.id = open_attempt_id"
            " JOIN batches ON batches.id = batch_id WHERE rerun_id IS NOT NULL AND queue = 'backlog'"
        ).fetchall()
    for job_id in jobs.values():
        cancel_attempts_of_job(database, job_id)
    return dict(rows)


def test_every_door_selects_the_same_images(
    doors: Doors, jobs: dict[str, UUID], settings: Settings, database: Database
) -> None:
    record_models(database, {"fast": "m1" * 4, "standard": "m2" * 4, "thorough": "m2" * 4})
    with psycopg.connect(settings.database.conninfo) as connection:
        times: dict[str, datetime] = dict(connection.execute("SELECT owner, created_at FROM jobs").fetchall())
    values = {JOB: str(jobs["ann"]), ANNS_TIME: times["ann"].isoformat(), BOBS_TIME: times["bob"].isoformat()}
    for filters, expected in FILTERS:
        known = {name: values.get(value, value) if isinstance(value, str) else value for name, value in filters.items()}
        for name in DOORS if "job_id" in filters else DOORS[:-1]:
            count = doors[name](known, {})
            assert (count, set(taken(settings, database, jobs))) == (len(expected), expected), (name, filters)


def test_every_door_changes_the_same_fields_of_the_policy(
    doors: Doors, jobs: dict[str, UUID], settings: Settings, database: Database
) -> None:
    for overrides in OVERRIDES:
        expected = Policy.model_validate({"profile": "standard", **overrides}).model_dump(mode="json")
        for name in DOORS:
            doors[name]({"job_id": str(jobs["ann"])}, overrides)
            assert taken(settings, database, jobs) == {"ann/2.jpg": expected}, (name, overrides)


def test_null_resets_a_field_but_in_the_form_it_is_an_empty_field(
    doors: Doors, jobs: dict[str, UUID], settings: Settings, database: Database
) -> None:
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute("UPDATE jobs SET policy = policy || '{\"min_score\": 0.25}'")
    kept = {}
    for name in DOORS:
        doors[name]({"job_id": str(jobs["ann"])}, {"min_score": None})
        kept[name] = taken(settings, database, jobs)["ann/2.jpg"]["min_score"]
    assert kept == {"flow": 0.25, "command": None, "backlog": None, "job": None}


def test_every_door_refuses_the_same_values(
    doors: Doors, jobs: dict[str, UUID], settings: Settings, database: Database
) -> None:
    refused = (ParameterTypeError, ValidationError, ConfigurationError, httpx.HTTPStatusError)
    for filters, overrides in WRONG:
        for name in DOORS:
            with pytest.raises(refused):
                doors[name]({**filters, "job_id": str(jobs["ann"])}, overrides)
    assert taken(settings, database, jobs) == {}


def test_no_door_selects_by_model_before_a_worker_has_recorded_its_own(doors: Doors, jobs: dict[str, UUID]) -> None:
    for name in DOORS:
        with pytest.raises((ModelsUnknown, httpx.HTTPStatusError)) as refused:
            doors[name]({"job_id": str(jobs["ann"]), "made_with_another_model": True}, {})
        if isinstance(refused.value, httpx.HTTPStatusError):
            assert refused.value.response.json()["code"] == "models_unknown"


def test_an_image_without_a_result_was_made_by_no_present_model(
    doors: Doors, jobs: dict[str, UUID], settings: Settings, database: Database
) -> None:
    record_models(database, {"standard": "m2" * 4})  # of the profile `fast` nothing is known
    assert doors["backlog"]({"made_with_another_model": True}, {}) == 1
    assert set(taken(settings, database, jobs)) == {"ann/2.jpg"}


@pytest.mark.parametrize("without_prefect", [{"least_review": "doubtful", "most_cells_per_face": 4}], indirect=True)
def test_no_door_gets_round_the_least_policy(
    doors: Doors, jobs: dict[str, UUID], settings: Settings, database: Database
) -> None:
    for name in DOORS:
        with pytest.raises((PolicyBelowLeast, httpx.HTTPStatusError)) as refused:
            doors[name]({"job_id": str(jobs["ann"])}, {"review": "never"})
        if isinstance(refused.value, httpx.HTTPStatusError):
            assert refused.value.response.json()["code"] == "policy_below_least"
        doors[name]({"job_id": str(jobs["ann"])}, {"style": "blur"})
        policy = taken(settings, database, jobs)["ann/2.jpg"]
        assert (policy["review"], policy["cells_per_face"], policy["style"]) == ("doubtful", 4, "blur"), name


def test_no_door_loosens_the_review_of_what_is_held(
    doors: Doors, jobs: dict[str, UUID], settings: Settings, database: Database
) -> None:
    held = {"job_id": str(jobs["bob"]), "states": ["needs_review"]}
    with psycopg.connect(settings.database.conninfo) as connection:
        connection.execute(
            'UPDATE images SET policy = policy || \'{"review": "doubtful", "max_doubt": 0.4, "reviewers": 2}\''
        )
    region = {"x1": 0, "y1": 0, "x2": 1, "y2": 1}
    looser: list[dict[str, Any]] = [
        {"min_score": 0.9},
        {"keep_regions": [region]},
        {"size_limits": {"max_side": 0.1}},
        {"classes": [3]},
    ]
    expected: list[tuple[dict[str, Any], str]] = [
        ({"review": "never", "max_doubt": 1.0}, "doubtful"),
        ({"profile": "thorough", "reviewers": 1}, "doubtful"),
        ({"review": "always", "max_doubt": 0.2}, "always"),
        *((each, "always") for each in looser),
    ]
    for changes, review in expected:
        for name in DOORS[:-1]:  # the fourth re-runs ann's job
            doors[name](held, changes)
            policy = taken(settings, database, jobs)["bob/0.jpg"]
            assert (policy["review"], policy["reviewers"]) == (review, 2), (name, changes)
            assert policy["max_doubt"] == min(0.4, changes.get("max_doubt", 1)), (name, changes)


def test_the_form_in_prefect_sets_nothing_by_itself() -> None:
    overrides = rerun_backlog.parameters.definitions["PolicyOverrides"]["properties"]
    assert set(overrides) == set(Policy.model_fields)
    assert {name for name, field in overrides.items() if "default" in field} == set()
    assert rerun_backlog.parameters.properties["policy_overrides"]["default"] == {}

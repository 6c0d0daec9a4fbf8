"""Classes beside faces in requests: the known ones are listed, others are refused, and boxes name theirs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from blurline.access.tokens import Scope
from blurline.contract.reruns import BacklogRerunRequest
from blurline.ids import new_id
from blurline.policy import Policy, Style
from blurline.policy.profile import ProfileName
from blurline.settings import Settings
from sql.engine.database import Database
from sql.jobs.presets import PresetRow, put_preset
from sql.reruns.reruns import record_models, rerun
from tests import image_rows
from tests.api_requests import bearer, problem, submit, upload
from tests.factories import SIZE
from tests.models.street import with_detector
from tests.pictures import HOPPER

UNKNOWN = {"other_classes": {"bird": "solid"}}


@pytest.fixture
def without_prefect(settings: Settings) -> Settings:
    """An API that knows plates and signs. It needs no model file."""
    detectors = with_detector(Path("/on/the/workers.onnx")).detector.detectors
    return settings.replace(prefect_api_url="http://127.0.0.1:9/api", detectors=detectors)


def test_the_known_classes_are_listed(client: httpx.Client) -> None:
    assert client.get("/v1/classes").json()["classes"] == [
        {"name": "face", "detector": None, "in_every_policy": True},
        {"name": "plate", "detector": "plates", "in_every_policy": False},
        {"name": "sign", "detector": "plates", "in_every_policy": False},
    ]


def test_a_policy_with_an_unknown_class_is_refused_at_every_door(
    client: httpx.Client, without_prefect: Settings, database: Database
) -> None:
    put_preset(database, PresetRow("birds", "Stored before.", Policy(other_classes={"bird": Style.SOLID})), "olga")
    operator = {"Authorization": bearer(without_prefect, "olga", Scope.OPERATE)}
    job = submit(client, "a.jpg", policy=json.dumps({"other_classes": {"plate": "solid"}}))
    assert job["policy"]["other_classes"] == {"plate": "solid"}
    files = [("files", ("a", HOPPER.read_bytes()))]
    answers = [
        client.post("/v1/jobs", files=files, data={"policy": json.dumps(UNKNOWN)}),
        client.post("/v1/jobs", files=files, data={"preset": "birds"}),
        client.post("/v1/jobs", json={"images": [{"key": upload(client, b"x")}], "policy": UNKNOWN}),
        client.put("/v1/presets/own", json={"policy": UNKNOWN}, headers=operator),
        client.post(f"/v1/jobs/{job['id']}/rerun", json={"policy": UNKNOWN}),
        client.post("/v1/reruns", json={"policy": UNKNOWN}, headers=operator),
    ]
    for answer in answers:
        assert "face, plate, sign" in problem(answer, 422, "unknown_class")


def test_a_reviewer_marks_known_classes_and_those_that_were_found(
    client: httpx.Client, without_prefect: Settings, database: Database
) -> None:
    image_id = _settled(database, without_prefect)
    reviewer = {"Authorization": bearer(without_prefect, "rita", Scope.REVIEW)}

    def correct(class_name: str) -> httpx.Response:
        box = {"x1": 10, "y1": 10, "x2": 50, "y2": 50, "class_name": class_name}
        return client.post(f"/v1/images/{image_id}/correct", json={"destroy": [box]}, headers=reviewer)

    assert "'bird'" in problem(correct("bird"), 422, "unknown_class")
    problem(correct("Not a name"), 422, "invalid_request")
    answer = correct("sign")
    assert answer.status_code == 202, answer.text
    boxes = answer.json()["detections"]
    assert [box["class_name"] for box in boxes] == ["face", "plate"]
    assert answer.json()["others_found"] == {"plate": 1}
    (decision,) = client.get(f"/v1/images/{image_id}/decisions", headers=reviewer).json()["decisions"]
    assert [box.get("class_name", "face") for box in (*decision["added"], *decision["dropped"])] == [
        "sign", "face", "plate",
    ]  # fmt: skip
    audit = client.get(f"/v1/images/{image_id}/audit", headers=reviewer).raise_for_status().json()["record"]
    assert [box["class_name"] for box in audit["detections"]] == ["face", "plate"]


def test_images_that_another_file_of_a_detector_saw_are_re_run(database: Database, settings: Settings) -> None:
    seen = {"name": "m1", "sha256": "m1" * 4, "detectors": [{"detector": "plates", "sha256": "old"}]}
    _settled(database, settings, seen)
    record_models(database, {profile.value: "m1" * 4 for profile in ProfileName} | {"detector:plates": "old"})
    assert _rerun(database) == 0
    record_models(database, {"detector:plates": "new"})
    assert _rerun(database) == 1


def test_images_whose_regions_another_model_saw_are_re_run(database: Database, settings: Settings) -> None:
    """Also after BLURLINE_INT8_REGIONS is switched off, when the float model is the present one."""
    present = {profile.value: "m1" * 4 for profile in ProfileName}
    _settled(database, settings, {"name": "m1", "sha256": "m1" * 4})
    _settled(database, settings, {"name": "m1", "sha256": "m1" * 4, "regions": {"name": "m8", "sha256": "m8" * 4}})
    record_models(database, present | {"regions": "m8" * 4})
    assert _rerun(database) == 0
    record_models(database, present | {"regions": "m1" * 4})
    assert _rerun(database) == 1


def _settled(database: Database, settings: Settings, model: dict[str, Any] | None = None) -> Any:
    """A published image with a face and a plate; its id."""
    image_rows.submit(database, "ann", 1, ProfileName.STANDARD)
    ((attempt, policy),) = image_rows.underway(database, settings)
    made = image_rows.made(attempt, policy, [[100, 100, 200, 200, 0.9]], plates=[[300, 100, 400, 130, 0.9]])
    image_rows.settle(database, attempt, replace(made, model=model or made.model))
    return attempt.image_id


def _rerun(database: Database) -> int:
    request = BacklogRerunRequest(states=["published"], made_with_another_model=True)
    with database.transaction() as transaction:
        return rerun(transaction, request, new_id(), SIZE, Settings()).count

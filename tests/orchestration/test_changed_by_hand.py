"""The doctor finds what somebody has changed in Prefect by hand that stops, cancels or delays work."""

from __future__ import annotations

from typing import Any

from deployments.deploy import HEARTBEAT_AUTOMATION, deploy
from deployments.doctor import Finding, Severity
from deployments.doctor.prefect import prefect as check_prefect
from tests.prefect_server import Prefect

WITHOUT_WORKER = {"prefect.workers", "prefect.reconciled"}
EVERY_RUN = "prefect.flow-run.*"


def wrong(prefect: Prefect) -> dict[str, Finding]:
    """What the doctor reports, except that no worker runs here."""
    found = {each.name: each for each in check_prefect(prefect.settings)}
    assert all((each.remedy is None) == (each.severity is Severity.OK) for each in found.values())
    return {n: each for n, each in found.items() if each.severity is not Severity.OK and n not in WITHOUT_WORKER}


def change(prefect: Prefect, path: str, body: dict[str, Any]) -> None:
    prefect.client.patch(path, json=body).raise_for_status()


def test_changed_deployments_are_found_and_deploying_again_restores_them(prefect: Prefect) -> None:
    assert wrong(prefect) == {}
    ids = {name: f"/deployments/{prefect.deployment(name)['id']}" for name in ("anonymize", "reconcile", "export")}
    change(prefect, ids["anonymize"], {"parameters": {"batch_id": "0193b1a0-0000-7000-8000-000000000000"}})
    change(prefect, ids["export"], {"version": "1e77a2c"})
    change(prefect, ids["reconcile"], {"schedules": [{"schedule": {"interval": 86_400}, "active": True}]})
    sweep = prefect.deployment("sweep")
    change(prefect, f"/deployments/{sweep['id']}", {"job_variables": {"env": {"BLURLINE_MAX_FILE_MB": "1"}}})
    retention = prefect.deployment("retention")
    for each in retention["schedules"]:
        prefect.client.delete(f"/deployments/{retention['id']}/schedules/{each['id']}").raise_for_status()
    (automation,) = prefect.post("/automations/filter", {})
    trigger = {**HEARTBEAT_AUTOMATION["trigger"], "within": 10}
    changed = {**HEARTBEAT_AUTOMATION, "trigger": trigger}
    prefect.client.put(f"/automations/{automation['id']}", json=changed).raise_for_status()
    template = prefect.client.get("/work_pools/blurline").raise_for_status().json()["base_job_template"]
    template["variables"]["properties"]["env"]["default"] = {"BLURLINE_MAX_FILE_MB": "1"}
    change(prefect, "/work_pools/blurline", {"base_job_template": template})
    found = wrong(prefect)
    assert {name: each.severity for name, each in found.items()} == {
        "prefect.pool": Severity.WARNING,
        "prefect.deployment.anonymize": Severity.ERROR,
        "prefect.deployment.reconcile": Severity.ERROR,
        "prefect.deployment.export": Severity.WARNING,
        "prefect.deployment.sweep": Severity.WARNING,
        "prefect.deployment.retention": Severity.WARNING,
        "prefect.automation": Severity.ERROR,
    }
    assert all("blurline deploy" in str(each.remedy) for each in found.values())
    assert "has the version '1e77a2c'" in found["prefect.deployment.export"].says
    assert "the parameters is {'batch_id'" in found["prefect.deployment.anonymize"].says
    deploy(prefect.environment)
    assert wrong(prefect) == {}


def test_limits_are_found(prefect: Prefect) -> None:
    anonymize = f"/deployments/{prefect.deployment('anonymize')['id']}"
    change(prefect, anonymize, {"concurrency_limit": 1, "concurrency_options": {"collision_strategy": "CANCEL_NEW"}})
    change(prefect, "/work_pools/blurline", {"concurrency_limit": 2})
    change(prefect, "/work_pools/blurline/queues/backlog", {"concurrency_limit": 3})
    prefect.post("/v2/concurrency_limits/", {"name": "tag:blurline", "limit": 4})
    prefect.post("/v2/concurrency_limits/", {"name": "of another application", "limit": 1})
    found = wrong(prefect)
    assert {name: each.severity for name, each in found.items()} == {
        "prefect.deployment.anonymize": Severity.ERROR,
        "prefect.pool": Severity.WARNING,
        "prefect.queues": Severity.WARNING,
        "prefect.limits": Severity.WARNING,
    }
    assert "a concurrency limit of 1, which cancels its other" in found["prefect.deployment.anonymize"].says
    assert "at most 2 flow runs" in found["prefect.pool"].says
    assert "backlog (3)" in found["prefect.queues"].says
    assert "blurline (4)" in found["prefect.limits"].says
    change(prefect, anonymize, {"concurrency_limit": None, "concurrency_options": None})
    change(prefect, "/work_pools/blurline", {"concurrency_limit": 0})
    change(prefect, "/work_pools/blurline/queues/backlog", {"concurrency_limit": None})
    for name in ("tag:blurline", "of another application"):
        prefect.client.delete(f"/v2/concurrency_limits/{name}").raise_for_status()
    found = wrong(prefect)
    assert {name: each.severity for name, each in found.items()} == {"prefect.pool": Severity.ERROR}
    change(prefect, "/work_pools/blurline", {"concurrency_limit": None})
    assert wrong(prefect) == {}


def test_automations_that_can_stop_our_flow_runs_are_found(prefect: Prefect) -> None:
    other = "0193b1a0-0000-7000-8000-000000000000"
    anonymize = prefect.deployment("anonymize")["id"]
    created = [
        _automation(prefect, "cancels long runs", {"prefect.resource.id": EVERY_RUN}, {}, {"type": "cancel-flow-run"}),
        _automation(
            prefect,
            "suspends runs of anonymize",
            {"prefect.resource.id": EVERY_RUN},
            {"prefect.resource.id": f"prefect.deployment.{anonymize}"},
            {"type": "suspend-flow-run"},
        ),
        _automation(
            prefect,
            "cancels runs of others",
            {"prefect.resource.id": EVERY_RUN},
            {"prefect.resource.id": f"prefect.deployment.{other}"},
            {"type": "cancel-flow-run"},
        ),
        _automation(
            prefect,
            "pauses another deployment",
            {"prefect.resource.id": EVERY_RUN},
            {},
            {"type": "pause-deployment", "source": "selected", "deployment_id": other},
        ),
        _automation(prefect, "only tells", {"prefect.resource.id": EVERY_RUN}, {}, {"type": "do-nothing"}),
    ]
    found = wrong(prefect)
    for each in created:
        prefect.client.delete(f"/automations/{each}").raise_for_status()
    assert set(found) == {"prefect.automations"}
    says = found["prefect.automations"].says
    assert "'cancels long runs' can cancel flow runs" in says
    assert "'suspends runs of anonymize' can suspend flow runs" in says
    assert not any(name in says for name in ("others", "another", "tells"))


def test_workers_that_are_not_ours_are_named_as_such(prefect: Prefect) -> None:
    stock = "ProcessWorker 6f6b2c1e-6a3a-4f0c-8e59-30d5c1f4a1b2"
    beat = {"name": stock, "heartbeat_interval_seconds": 30}
    prefect.client.post("/work_pools/blurline/workers/heartbeat", json=beat).raise_for_status()
    found = {each.name: each for each in check_prefect(prefect.settings)}["prefect.workers"]
    prefect.client.delete(f"/work_pools/blurline/workers/{stock}").raise_for_status()
    assert f"1 that do not run Blurline: {stock}" in found.says
    assert "before 0.2.0" not in found.says


def _automation(
    prefect: Prefect, name: str, match: dict[str, str], related: dict[str, str], action: dict[str, Any]
) -> str:
    trigger = {
        "type": "event",
        "posture": "Reactive",
        "match": match,
        "match_related": related,
        "expect": ["prefect.flow-run.Running"],
        "threshold": 1,
        "within": 0,
    }
    body = {"name": name, "enabled": True, "trigger": trigger, "actions": [action]}
    return str(prefect.post("/automations/", body)["id"])

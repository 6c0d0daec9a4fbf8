"""`blurline doctor` on a whole stack: healthy, and with a misconfigured Prefect."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest

from api.app import create_app
from blurline.settings import Settings, load_settings
from deployments.doctor import Finding, Severity
from deployments.doctor.prefect import prefect
from tests.acceptance.stack import Stack
from tests.api_server import serving
from tests.tcp_proxy import Answer, forwarding
from tests.waiting import TIMEOUT_S, wait_for

RECONCILED = {"flows": {"name": {"any_": ["reconcile"]}}, "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}


@pytest.fixture
def settings(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a command that runs on this stack's folder."""
    monkeypatch.setenv("BLURLINE_HOME", str(stack.home))
    return load_settings()


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    with stack.prefect() as client:
        wait_for("reconcile has run", lambda: client.post("/flow_runs/filter", json=RECONCILED).json())
        yield client


def _wrong(settings: Settings) -> dict[str, Finding]:
    found = {finding.name: finding for finding in prefect(settings)}
    assert all((each.remedy is None) == (each.severity is Severity.OK) for each in found.values())
    return {name: each for name, each in found.items() if each.severity is not Severity.OK}


@contextmanager
def _changed(client: httpx.Client, path: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[None]:
    client.patch(path, json=after).raise_for_status()
    try:
        yield
    finally:
        client.patch(path, json=before).raise_for_status()


@pytest.mark.usefixtures("client")
def test_a_running_stack_is_healthy(stack: Stack) -> None:
    shown = stack.command("doctor")
    assert " 0 errors." in shown
    assert "runs on CPUExecutionProvider" in shown
    assert "worker listen on their ports" in shown
    found = json.loads(stack.command("doctor", "--json"))
    assert {each["severity"] for each in found if each["name"].split(".")[0] != "machine"} == {"ok"}
    assert {"prefect.deployment.anonymize", "prefect.reconciled", "prefect.vacuum"} <= {each["name"] for each in found}


def test_a_foreign_work_pool_is_reported_with_everything_it_lacks(settings: Settings, client: httpx.Client) -> None:
    client.post("/work_pools/", json={"name": "plain", "type": "process"}).raise_for_status()
    found = _wrong(settings.replace(work_pool="plain"))
    with serving(create_app(settings.replace(work_pool="plain"))) as url:
        health = httpx.get(f"{url}/healthcheck", timeout=TIMEOUT_S)
    client.delete("/work_pools/plain").raise_for_status()
    assert found["prefect.pool"].severity is Severity.WARNING
    assert "has the type process" in found["prefect.pool"].says
    assert "blurline worker" in str(found["prefect.workers"].remedy)
    assert (health.status_code, health.json()["parts"]["workers"]) == (503, "no_worker")
    assert "Start `blurline worker`" in health.json()["messages"]["workers"]
    assert "interactive, backlog" in found["prefect.queues"].says
    assert "the work pool is 'blurline', not 'plain'" in found["prefect.deployment.export"].says
    gone = _wrong(settings.replace(work_pool="plain"))
    assert "Run `blurline deploy`" in str(gone["prefect.pool"].remedy)


def test_paused_parts_are_reported(settings: Settings, client: httpx.Client) -> None:
    reconcile = client.get("/deployments/name/reconcile/reconcile").json()["id"]
    export = client.get("/deployments/name/export/export").json()
    (automation,) = client.post("/automations/filter", json={}).json()
    pool = "/work_pools/blurline"
    with (
        _changed(client, f"/deployments/{reconcile}", {"paused": False}, {"paused": True}),
        _changed(
            client,
            f"/deployments/{export['id']}/schedules/{export['schedules'][0]['id']}",
            {"active": True},
            {"active": False},
        ),
        _changed(client, f"/automations/{automation['id']}", {"enabled": True}, {"enabled": False}),
        _changed(client, f"{pool}/queues/backlog", {"is_paused": False}, {"is_paused": True}),
    ):
        found = _wrong(settings)
    assert {name: each.severity for name, each in found.items()} == {
        "prefect.deployment.reconcile": Severity.ERROR,
        "prefect.deployment.export": Severity.WARNING,
        "prefect.automation": Severity.ERROR,
        "prefect.queues": Severity.ERROR,
    }
    with (
        _changed(client, pool, {"is_paused": False}, {"is_paused": True}),
        _changed(client, f"{pool}/queues/interactive", {"priority": 2}, {"priority": 4}),
    ):
        found = _wrong(settings)
    assert {name: each.severity for name, each in found.items()} == {
        "prefect.pool": Severity.ERROR,
        "prefect.queues": Severity.WARNING,
    }


def test_workers_of_another_release_are_reported(settings: Settings, client: httpx.Client) -> None:
    for name in ("elsewhere-1-v9.9.9", "old-1"):
        beat = {"name": name, "heartbeat_interval_seconds": 30}
        client.post("/work_pools/blurline/workers/heartbeat", json=beat).raise_for_status()
    found = _wrong(settings)
    for name in ("elsewhere-1-v9.9.9", "old-1"):
        client.delete(f"/work_pools/blurline/workers/{name}").raise_for_status()
    assert set(found) == {"prefect.workers"}
    assert "9.9.9, before 0.2.0" in found["prefect.workers"].says


def test_a_reconciler_that_has_not_run_for_long_is_an_error(
    stack: Stack, settings: Settings, client: httpx.Client
) -> None:
    url = stack.variables()["BLURLINE_DATABASE_URL"].rsplit("/", 1)[0] + "/prefect"
    with psycopg.connect(url, autocommit=True) as connection:
        reconciles = "flow_id = (SELECT id FROM flow WHERE name = 'reconcile')"
        shift = f"UPDATE flow_run SET end_time = end_time - %s::interval WHERE {reconciles}".encode()
        connection.execute(shift, ("1 hour",))
        try:
            found = _wrong(settings)
        finally:
            connection.execute(shift, ("-1 hour",))
    assert set(found) == {"prefect.reconciled"}
    said = re.search(r"last completed (\d+) min ago", found["prefect.reconciled"].says)
    assert said is not None
    assert int(said[1]) >= 60


@pytest.mark.usefixtures("client")
def test_an_older_server_without_vacuum_is_reported(settings: Settings) -> None:
    url = settings.prefect.api_url.removesuffix("/api")
    never = json.dumps({"server": {"services": {"db_vacuum": {"enabled": ["events"]}}}})
    for version, severity in (("3.8.2", Severity.WARNING), ("2.20.1", Severity.ERROR)):
        answers = {"GET /admin/version": Answer(200, json.dumps(version)), "GET /admin/settings": Answer(200, never)}
        with forwarding(url, answers) as before:
            found = _wrong(settings.replace(prefect_api_url=f"{before}/api"))
        assert set(found) == {"prefect.version", "prefect.vacuum"}
        assert found["prefect.version"].severity is severity
        assert "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED=events,flow_runs" in str(found["prefect.vacuum"].remedy)


def test_a_server_that_refuses_access_is_distinguished_from_an_unavailable_one(settings: Settings) -> None:
    found = _wrong(settings.replace(prefect_api_auth_string=None))
    assert "PREFECT_API_AUTH_STRING" in str(found["prefect.connection"].remedy)

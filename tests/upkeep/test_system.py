"""The state of the service, as operators see it."""

from __future__ import annotations

from datetime import timedelta

import httpx
import psycopg
import pytest

from api.app import create_app
from blurline.access.tokens import LocalIssuer, Scope
from blurline.client import Client
from blurline.contract import System
from blurline.ids import new_id
from blurline.orchestration.flow_runs import FlowRuns, PoolWorker
from blurline.settings import Settings
from blurline.version import VERSION, presence_name
from sql.engine.database import Database
from sql.jobs.retries import cancel_attempts, retry_or_fail
from tests.api_requests import images_of, submit, underway
from tests.api_server import serving
from tests.clock import age
from tests.factories import RETRY_POLICY
from tests.waiting import TIMEOUT_S, wait_for


def _operator(settings: Settings, client: httpx.Client) -> Client:
    return Client(str(client.base_url), LocalIssuer(settings.home).issue("olga", [Scope.OPERATE], 60), patience_s=0)


def test_the_system_report_shows_parts_and_waiting_work(
    client: httpx.Client, settings: Settings, database: Database
) -> None:
    submit(client, "a.jpg", "b.jpg")
    with _operator(settings, client) as operator:
        # A batch whose dispatch was postponed is not due for a moment.
        before = wait_for("a batch is due", lambda: _if_due(operator.system()))
        underway(database, settings)
        after = operator.system()
    assert before.images == {"queued": 2}
    assert before.queues["interactive"].count == 2 and before.outbox.count > 0
    assert "interactive" not in after.queues
    assert before.database_version and before.version
    assert before.workers is None  # Prefect is away


def _if_due(system: System) -> System | None:
    return system if system.outbox.count else None


def test_health_is_reported_even_when_a_part_is_down(client: httpx.Client, settings: Settings) -> None:
    with _operator(settings, client) as operator:
        health = operator.health()
    assert health.status == "degraded"
    assert health.parts["database"] == "ok" and health.parts["prefect"] == "prefect_unavailable"


def test_a_worker_is_offline_as_soon_as_its_session_ends(
    client: httpx.Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [PoolWorker(name, "ONLINE", None) for name in ("host-7-v0.1.9", f"{'h' * 60}-8-v{VERSION}")]
    monkeypatch.setattr(FlowRuns, "workers", lambda *_: known)  # Prefect has not noticed
    with _operator(settings, client) as operator:

        def states() -> list[str]:
            return [worker.status for worker in operator.system().workers or ()]

        assert states() == ["ONLINE", "OFFLINE"]  # only workers of this release hold a session
        connect = psycopg.connect(settings.database.conninfo, application_name=presence_name(known[1].name))
        with connect:
            assert states() == ["ONLINE", "ONLINE"]
        connect.close()
        wait_for("the worker is offline", lambda: states() == ["ONLINE", "OFFLINE"])


def test_failed_attempts_are_counted_by_code(client: httpx.Client, settings: Settings, database: Database) -> None:
    submit(client, *(f"{at}.jpg" for at in range(4)))
    old, earlier, crashed, cancelled = underway(database, settings)
    with database.transaction() as transaction:
        retry_or_fail(
            transaction, [old.id, earlier.id, crashed.id], "flow_run_crashed", "It ended early.", RETRY_POLICY
        )
        cancel_attempts(transaction, [cancelled.id], "cancelled", "An operator cancelled it.")
    age(settings.database.conninfo, "attempts", timedelta(hours=25), "id = %s", old.id)
    age(settings.database.conninfo, "attempts", timedelta(hours=2), "id = %s", earlier.id)
    with _operator(settings, client) as operator:
        counted = operator.system().fruitless_attempts
    assert [(each.outcome, each.error_code, each.last_hour, each.last_day) for each in counted] == [
        ("retried", "flow_run_crashed", 1, 2),
        ("given_up", "cancelled", 1, 1),
    ]


def test_the_system_report_shows_retention(without_prefect: Settings) -> None:
    kept: dict[str, float | None] = {
        "keep_originals_days": 30.0,
        "keep_results_days": None,
        "keep_rows_days": 365.0,
        "keep_audit_days": None,
        "keep_uploads_hours": 48.0,
        "events_kept_days": 3.0,
        "idempotency_hours": 12.0,
        "upload_ttl_s": 300,
    }
    settings = without_prefect.replace(**kept)
    with (
        serving(create_app(settings)) as url,
        httpx.Client(base_url=url, timeout=TIMEOUT_S) as client,
        _operator(settings, client) as operator,
    ):
        assert operator.system().retention.model_dump() == kept


def test_operators_see_the_flow_run_of_the_last_attempt(client: httpx.Client, settings: Settings) -> None:
    job = submit(client, "a.jpg")
    (image,) = images_of(client, job).values()
    with _operator(settings, client) as operator:
        assert operator.image(image["id"]).flow_run_id is None  # it is still to be dispatched
        flow_run_id = new_id()
        with psycopg.connect(settings.database.conninfo) as connection:
            connection.execute("UPDATE batches SET flow_run_id = %s", (flow_run_id,))
        assert operator.image(image["id"]).flow_run_id == flow_run_id
    assert client.get(f"/v1/images/{image['id']}").json()["flow_run_id"] is None

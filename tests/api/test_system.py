"""The state of the service, as operators see it."""

from __future__ import annotations

import httpx

from blurline.client import Client
from blurline.settings import Settings
from blurline.tokens import LocalIssuer, Scope
from sql.database import Database
from tests.api.asking import submit, underway


def _operator(settings: Settings, client: httpx.Client) -> Client:
    return Client(str(client.base_url), LocalIssuer(settings.home).issue("olga", [Scope.OPERATE], 60), patience_s=0)


def test_it_shows_what_there_is_and_what_waits(client: httpx.Client, settings: Settings, database: Database) -> None:
    submit(client, "a.jpg", "b.jpg")
    with _operator(settings, client) as operator:
        before = operator.system()
        underway(database, settings)
        after = operator.system()
    assert before.images == {"queued": 2}
    assert before.queues["interactive"].count == 2 and before.outbox.count > 0
    assert "interactive" not in after.queues
    assert before.database_version and before.version
    assert before.workers is None  # Prefect is away


def test_health_is_told_also_when_a_part_is_down(client: httpx.Client, settings: Settings) -> None:
    with _operator(settings, client) as operator:
        health = operator.health()
    assert health.status == "degraded"
    assert health.parts["database"] == "ok" and health.parts["prefect"] == "prefect_unavailable"

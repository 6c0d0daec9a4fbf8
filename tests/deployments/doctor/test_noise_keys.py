"""Whether the doctor notices workers that give the same picture different noise."""

from __future__ import annotations

from dataclasses import replace

from blurline.settings import Settings
from deployments.doctor import Finding, Severity
from deployments.doctor.database import database as subject
from sql.engine.database import Database
from sql.jobs.publishing import publish
from tests.deployments.doctor.findings import wrong
from tests.factories import add_job, result, started


def test_workers_with_different_noise_keys_are_reported(settings: Settings, database: Database) -> None:
    def of(host: str, noise_key: str | None) -> dict[str, Finding]:
        """What the doctor finds once a worker on the host has made a result with the key."""
        add_job(database)
        worker = Database(settings.database.conninfo, max_connections=1, application=f"blurline worker 1 7@{host}")
        (attempt,) = started(worker)
        with worker.transaction() as transaction:
            publish(transaction, attempt, replace(result(host), model={"made_with": {"noise_key": noise_key}}))
        worker.close()
        return wrong(subject, settings)

    assert "no noise_key.pem" in of("berlin", None)["database.noise_keys"].says
    assert of("berlin", "a1") == {}
    assert of("cairo", "a1") == {}
    found = of("cairo", "b2")["database.noise_keys"]
    assert found.severity is Severity.WARNING
    assert "a1 on berlin, b2 on cairo" in found.says
    assert "none on delhi" in of("delhi", None)["database.noise_keys"].says
    of("delhi", "a1")
    assert of("cairo", "a1") == {}, "each host counts with its present key"

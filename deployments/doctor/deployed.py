"""Prefect's deployments: whether they match ``prefect.yaml``, and whether `reconcile` runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx

from deployments.deploy import declared_deployments
from deployments.doctor.result import Finding, error, ok, warning

_RECONCILE = "reconcile"
_RECONCILE_GRACE_S = 300


def deployed(client: httpx.Client, pool: str) -> Iterator[Finding]:
    """Check the deployments. ``client`` is a client of Prefect's API."""
    for declared in declared_deployments():
        yield _deployment(client, declared, pool)
    yield _reconciled(client)


def _deployment(client: httpx.Client, declared: dict[str, Any], pool: str) -> Finding:
    name = f"prefect.deployment.{declared['name']}"
    flow = str(declared["entrypoint"]).rsplit(".", 1)[1].replace("_", "-")
    answer = client.get(f"/deployments/name/{flow}/{declared['name']}")
    if answer.status_code == 404:
        return error(name, "The deployment does not exist.", "Run `blurline deploy`.")
    found = answer.raise_for_status().json()
    differing = [
        f"{what} is {is_!r}, not {should!r}"
        for what, is_, should in (
            ("the entrypoint", found["entrypoint"], declared["entrypoint"]),
            ("the work pool", found["work_pool_name"], pool),
            ("the queue", found["work_queue_name"], declared["work_pool"]["work_queue_name"]),
        )
        if is_ != should
    ]
    if differing:
        return error(
            name, f"The deployment belongs to another Blurline: {'; '.join(differing)}.", "Run `blurline deploy`."
        )
    if found["paused"] or (declared.get("schedules") and not any(each["active"] for each in found["schedules"])):
        finding = error if declared["name"] == _RECONCILE else warning
        return finding(name, "The deployment or its schedule is paused.", "Resume it in Prefect.")
    return ok(name, "The deployment is up to date.")


def _reconciled(client: httpx.Client) -> Finding:
    name = "prefect.reconciled"
    latest = {
        "flows": {"name": {"any_": [_RECONCILE]}},
        "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
        "sort": "END_TIME_DESC",
        "limit": 1,
    }
    runs = client.post("/flow_runs/filter", json=latest).raise_for_status().json()
    consequence = "stuck images are not retried."
    remedy = "Check that a worker is online, and look at the latest runs of the deployment reconcile in Prefect."
    if not runs:
        return warning(name, f"The flow reconcile has never completed; {consequence}", remedy)
    age_s = (datetime.now(UTC) - datetime.fromisoformat(runs[0]["end_time"])).total_seconds()
    if age_s > _RECONCILE_GRACE_S:
        return error(name, f"The flow reconcile last completed {age_s / 60:.0f} min ago; {consequence}", remedy)
    return ok(name, f"The flow reconcile completed {age_s:.0f} s ago.")

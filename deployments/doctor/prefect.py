"""Prefect: its version and cleanup, the latest run of reconcile, and what `blurline deploy` has set up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version

import httpx
from packaging.version import Version

from blurline.orchestration.flow_runs import FlowRuns, PrefectRefused, PrefectUnavailable
from blurline.settings import Settings
from deployments.doctor.prefect_automations import automations
from deployments.doctor.prefect_deployments import RECONCILE, check_deployments, read_deployments
from deployments.doctor.prefect_pool import work_pool
from deployments.doctor.result import Finding, error, ok, warning

_RECONCILE_GRACE_S = 300
_VACUUMED = {"events", "flow_runs"}


def prefect(settings: Settings) -> Iterator[Finding]:
    """Check Prefect."""
    try:
        with closing(FlowRuns(settings)) as server:
            yield _version(str(server.read("/admin/version")))
            yield from work_pool(server, settings.prefect.work_pool)
            found = read_deployments(server)
            yield from check_deployments(found, settings.prefect.work_pool)
            yield _reconciled(server)
            yield from automations(server, found, settings.prefect.work_pool)
            yield from _vacuum(server)
    except PrefectRefused as problem:
        says = f"{settings.prefect.api_url}: {problem}"
        yield error("prefect.connection", says, "Correct PREFECT_API_AUTH_STRING or PREFECT_API_KEY.")
    except (PrefectUnavailable, httpx.InvalidURL, ValueError) as problem:
        says = f"{settings.prefect.api_url} does not respond like Prefect: {problem}"
        yield error("prefect.connection", says, "Start Prefect, or correct PREFECT_API_URL.")


def _version(found: str) -> Finding:
    ours = version("prefect")
    says = f"The server is Prefect {found}; the client here is {ours}."
    if Version(found).major != Version(ours).major:
        return error("prefect.version", says, f"Install the same major version on the server: Prefect {ours}.")
    if Version(found) < Version(ours):
        return warning(
            "prefect.version", says, f"Upgrade the server to {ours} or later: it must not be older than its clients."
        )
    return ok("prefect.version", says)


def _reconciled(server: FlowRuns) -> Finding:
    name = "prefect.reconciled"
    latest = {
        "flows": {"name": {"any_": [RECONCILE]}},
        "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
        "sort": "END_TIME_DESC",
        "limit": 1,
    }
    runs = server.read("/flow_runs/filter", latest)
    consequence = "stuck images are not retried."
    remedy = "Check that a worker is online, and look at the latest runs of the deployment reconcile in Prefect."
    if not runs:
        return warning(name, f"The flow reconcile has never completed; {consequence}", remedy)
    age_s = (datetime.now(UTC) - datetime.fromisoformat(runs[0]["end_time"])).total_seconds()
    if age_s > _RECONCILE_GRACE_S:
        return error(name, f"The flow reconcile last completed {age_s / 60:.0f} min ago; {consequence}", remedy)
    return ok(name, f"The flow reconcile completed {age_s:.0f} s ago.")


def _vacuum(server: FlowRuns) -> Iterator[Finding]:
    """Check the cleanup of old rows. Prefect Cloud, which does that itself, does not show its settings."""
    try:
        shown = server.read("/admin/settings")
    except PrefectUnavailable:
        return
    if shown is None:
        return
    vacuum = shown.get("server", {}).get("services", {}).get("db_vacuum", {})
    lacking = sorted(_VACUUMED - set(vacuum.get("enabled") or []))
    if lacking:
        yield warning(
            "prefect.vacuum",
            f"Prefect does not delete old {' and '.join(lacking)}, so its database grows without limit.",
            f"Start the server with PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED={','.join(sorted(_VACUUMED))}.",
        )
    else:
        yield ok("prefect.vacuum", "Prefect deletes old rows.")

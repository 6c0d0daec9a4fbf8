"""Prefect: its version, the work pool, its workers and queues, the deployments, the automation, and the cleanup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import httpx
from packaging.version import Version

from blurline.orchestration.flow_runs import FlowRuns, PoolWorker, PrefectRefused, PrefectUnavailable
from blurline.settings import Settings
from blurline.version import VERSION, version_of_worker
from deployments.deploy import HEARTBEAT_AUTOMATION, QUEUE_PRIORITY, declared_deployments
from deployments.doctor.result import Finding, error, ok, warning
from deployments.worker import WarmWorker
from deployments.worker.intake import BACKLOG, INTERACTIVE

_DEPLOY = "Run `blurline deploy`."
_RECONCILE = "reconcile"
_RECONCILE_GRACE_S = 300
_VACUUMED = {"events", "flow_runs"}


def prefect(settings: Settings) -> Iterator[Finding]:
    """Check Prefect."""
    try:
        with closing(FlowRuns(settings)) as server:
            yield _version(str(server.read("/admin/version")))
            yield from _pool(server, settings.prefect.work_pool)
            for declared in declared_deployments():
                yield _deployment(server, declared, settings.prefect.work_pool)
            yield _reconciled(server)
            yield _automation(server)
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


def _pool(server: FlowRuns, name: str) -> Iterator[Finding]:
    pool = server.read(f"/work_pools/{name}")
    if pool is None:
        yield error(
            "prefect.pool", f"There is no work pool {name}.", f"{_DEPLOY} It creates the pool of BLURLINE_WORK_POOL."
        )
        return
    if pool["is_paused"]:
        yield error(
            "prefect.pool", f"The work pool {name} is paused, so nothing is processed.", "Resume it in Prefect."
        )
    elif pool["type"] != WarmWorker.type:
        yield warning(
            "prefect.pool",
            f"The work pool {name} has the type {pool['type']}, which loads the models again for every flow run.",
            f"Delete the pool and run `blurline deploy`, which creates one of type {WarmWorker.type}.",
        )
    else:
        yield ok("prefect.pool", f"The work pool {name} exists.")
    yield _workers(server.workers())
    yield _queues({queue["name"]: queue for queue in server.read(f"/work_pools/{name}/queues/filter", {})})


def _workers(workers: Sequence[PoolWorker]) -> Finding:
    online = [worker.name for worker in workers if worker.status == "ONLINE"]
    if not online:
        return error(
            "prefect.workers",
            f"No worker is online ({len(workers)} are known), so nothing is processed.",
            "Start `blurline worker`, or check the log of the worker that should be running.",
        )
    others = sorted({version_of_worker(name) or "before 0.2.0" for name in online} - {VERSION})
    if others:
        return warning(
            "prefect.workers",
            f"Some of the {len(online)} online workers run another release: {', '.join(others)}.",
            "Unless an upgrade is in progress, install the same release everywhere.",
        )
    return ok("prefect.workers", f"{len(online)} workers of this release are online.")


def _queues(queues: dict[str, dict[str, Any]]) -> Finding:
    name = "prefect.queues"
    missing = [queue for queue in QUEUE_PRIORITY if queue not in queues]
    if missing:
        return error(name, f"The queues {', '.join(missing)} do not exist.", _DEPLOY)
    stopped = [
        queue for queue in QUEUE_PRIORITY if queues[queue]["is_paused"] or queues[queue]["concurrency_limit"] == 0
    ]
    if stopped:
        says = f"The queues {', '.join(stopped)} are paused, so their runs are not processed."
        return error(name, says, "Resume them in Prefect, under the work pool.")
    found = sorted(QUEUE_PRIORITY, key=lambda queue: queues[queue]["priority"])
    if found.index(INTERACTIVE) > found.index(BACKLOG):  # the others have processes of their own
        return warning(
            name,
            f"The queue {BACKLOG} takes precedence over {INTERACTIVE}, so small jobs wait for large ones.",
            f"Give {INTERACTIVE} the smaller priority number in Prefect, under the work pool.",
        )
    return ok(name, f"The queues {', '.join(found)} exist, in this order.")


def _deployment(server: FlowRuns, declared: dict[str, Any], pool: str) -> Finding:
    name = f"prefect.deployment.{declared['name']}"
    flow = str(declared["entrypoint"]).rsplit(".", 1)[1].replace("_", "-")
    found = server.read(f"/deployments/name/{flow}/{declared['name']}")
    if found is None:
        return error(name, "The deployment does not exist.", _DEPLOY)
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
        return error(name, f"The deployment belongs to another Blurline: {'; '.join(differing)}.", _DEPLOY)
    if found["paused"] or (declared.get("schedules") and not any(each["active"] for each in found["schedules"])):
        finding = error if declared["name"] == _RECONCILE else warning
        return finding(name, "The deployment or its schedule is paused.", "Resume it in Prefect.")
    return ok(name, "The deployment is up to date.")


def _reconciled(server: FlowRuns) -> Finding:
    name = "prefect.reconciled"
    latest = {
        "flows": {"name": {"any_": [_RECONCILE]}},
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


def _automation(server: FlowRuns) -> Finding:
    name, wanted = "prefect.automation", HEARTBEAT_AUTOMATION["name"]
    found = [each for each in server.read("/automations/filter", {}) if each["name"] == wanted]
    says = "Runs whose worker has died are not marked as crashed, so their images wait for the deadline."
    if not found:
        return error(name, f"The automation {wanted!r} does not exist. {says}", _DEPLOY)
    if not any(each["enabled"] for each in found):
        return error(name, f"The automation {wanted!r} is disabled. {says}", "Enable it in Prefect, under Automations.")
    return ok(name, f"The automation {wanted!r} is enabled.")


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

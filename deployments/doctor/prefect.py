"""Prefect: its version, the work pool, its workers and queues, the automation, and the cleanup of its tables."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import httpx
from packaging.version import Version

from blurline.settings import Settings
from blurline.version import VERSION, version_of_worker
from deployments.deploy import HEARTBEAT_AUTOMATION, QUEUE_PRIORITY
from deployments.doctor.deployed import deployed
from deployments.doctor.result import Finding, error, ok, warning
from deployments.worker import WarmWorker

_TIMEOUT_S = 10
_DEPLOY = "Run `blurline deploy`."
_VACUUMED = {"events", "flow_runs"}


def prefect(settings: Settings) -> Iterator[Finding]:
    """Check Prefect."""
    try:
        with _client(settings) as client:
            answer = client.get("/admin/version")
            if answer.status_code in (401, 403):
                says = f"{settings.prefect.api_url} refuses our requests ({answer.status_code})."
                yield error("prefect.connection", says, "Correct PREFECT_API_AUTH_STRING or PREFECT_API_KEY.")
                return
            yield _version(str(answer.raise_for_status().json()))
            yield from _pool(client, settings.prefect.work_pool)
            yield from deployed(client, settings.prefect.work_pool)
            yield _automation(client)
            yield from _vacuum(client)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as problem:
        says = f"{settings.prefect.api_url} does not respond like Prefect: {problem!r}"
        yield error("prefect.connection", says, "Start Prefect, or correct PREFECT_API_URL.")


def _client(settings: Settings) -> httpx.Client:
    headers = {"Authorization": f"Bearer {settings.prefect.key}"} if settings.prefect.key else {}
    return httpx.Client(
        base_url=settings.prefect.api_url, auth=settings.prefect.auth, headers=headers, timeout=_TIMEOUT_S
    )


def _version(server: str) -> Finding:
    ours = version("prefect")
    says = f"The server is Prefect {server}; the client here is {ours}."
    if Version(server).major != Version(ours).major:
        return error("prefect.version", says, f"Install the same major version on the server: Prefect {ours}.")
    if Version(server) < Version(ours):
        return warning(
            "prefect.version", says, f"Upgrade the server to {ours} or later: it must not be older than its clients."
        )
    return ok("prefect.version", says)


def _pool(client: httpx.Client, name: str) -> Iterator[Finding]:
    answer = client.get(f"/work_pools/{name}")
    if answer.status_code == 404:
        yield error(
            "prefect.pool", f"There is no work pool {name}.", f"{_DEPLOY} It creates the pool of BLURLINE_WORK_POOL."
        )
        return
    pool = answer.raise_for_status().json()
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
    yield _workers(_rows(client, f"/work_pools/{name}/workers/filter"))
    yield _queues({queue["name"]: queue for queue in _rows(client, f"/work_pools/{name}/queues/filter")})


def _workers(workers: list[dict[str, Any]]) -> Finding:
    online = [worker["name"] for worker in workers if worker["status"] == "ONLINE"]
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
    if found != sorted(QUEUE_PRIORITY, key=QUEUE_PRIORITY.__getitem__):
        return warning(
            name,
            f"The queue {found[0]} takes precedence over {found[-1]}, so small jobs wait for large ones.",
            f"Give {found[-1]} the smaller priority number in Prefect, under the work pool.",
        )
    return ok(name, f"The queues {', '.join(found)} exist, in this order.")


def _automation(client: httpx.Client) -> Finding:
    name, wanted = "prefect.automation", HEARTBEAT_AUTOMATION["name"]
    found = [each for each in _rows(client, "/automations/filter") if each["name"] == wanted]
    says = "Runs whose worker has died are not marked as crashed, so their images wait for the deadline."
    if not found:
        return error(name, f"The automation {wanted!r} does not exist. {says}", _DEPLOY)
    if not any(each["enabled"] for each in found):
        return error(name, f"The automation {wanted!r} is disabled. {says}", "Enable it in Prefect, under Automations.")
    return ok(name, f"The automation {wanted!r} is enabled.")


def _vacuum(client: httpx.Client) -> Iterator[Finding]:
    """Check the cleanup of old rows. Prefect Cloud, which does that itself, does not show its settings."""
    answer = client.get("/admin/settings")
    if answer.is_error:
        return
    vacuum = answer.json().get("server", {}).get("services", {}).get("db_vacuum", {})
    lacking = sorted(_VACUUMED - set(vacuum.get("enabled") or []))
    if lacking:
        yield warning(
            "prefect.vacuum",
            f"Prefect does not delete old {' and '.join(lacking)}, so its database grows without limit.",
            f"Start the server with PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED={','.join(sorted(_VACUUMED))}.",
        )
    else:
        yield ok("prefect.vacuum", "Prefect deletes old rows.")


def _rows(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.post(path, json={}).raise_for_status().json()
    return rows

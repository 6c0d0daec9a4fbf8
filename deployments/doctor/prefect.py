"""Prefect: its version, the pool with its workers and queues, the automation, and the size of its tables."""

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
    """See the module."""
    try:
        with _client(settings) as client:
            answer = client.get("/admin/version")
            if answer.status_code in (401, 403):
                says = f"{settings.prefect_api_url} refuses our requests ({answer.status_code})."
                yield error("prefect.connection", says, "Correct PREFECT_API_AUTH_STRING or PREFECT_API_KEY.")
                return
            yield _version(str(answer.raise_for_status().json()))
            yield from _pool(client, settings.work_pool)
            yield from deployed(client, settings.work_pool)
            yield _automation(client)
            yield from _vacuum(client)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as problem:
        says = f"{settings.prefect_api_url} does not answer as Prefect does: {problem!r}"
        yield error("prefect.connection", says, "Start Prefect, or correct PREFECT_API_URL.")


def _client(settings: Settings) -> httpx.Client:
    headers = {"Authorization": f"Bearer {settings.prefect_key}"} if settings.prefect_key else {}
    return httpx.Client(
        base_url=settings.prefect_api_url, auth=settings.prefect_auth, headers=headers, timeout=_TIMEOUT_S
    )


def _version(server: str) -> Finding:
    ours = version("prefect")
    says = f"Prefect {server} answers; its client here is {ours}."
    if Version(server).major != Version(ours).major:
        return error("prefect.version", says, f"Let the server be Prefect {ours} too.")
    if Version(server) < Version(ours):
        return warning("prefect.version", says, f"Upgrade the server to {ours} or later: it goes before its clients.")
    return ok("prefect.version", says)


def _pool(client: httpx.Client, name: str) -> Iterator[Finding]:
    answer = client.get(f"/work_pools/{name}")
    if answer.status_code == 404:
        yield error("prefect.pool", f"There is no work pool {name}.", f"{_DEPLOY} It makes BLURLINE_WORK_POOL.")
        return
    pool = answer.raise_for_status().json()
    if pool["is_paused"]:
        yield error("prefect.pool", f"The work pool {name} is paused: nothing is processed.", "Resume it in Prefect.")
    elif pool["type"] != WarmWorker.type:
        yield warning(
            "prefect.pool",
            f"The work pool {name} is of the type {pool['type']}: it loads the models anew for every flow run.",
            f"Remove the pool and run `blurline deploy`, which makes one of the type {WarmWorker.type}.",
        )
    else:
        yield ok("prefect.pool", f"The work pool {name} is there.")
    yield _workers(_rows(client, f"/work_pools/{name}/workers/filter"))
    yield _queues({queue["name"]: queue for queue in _rows(client, f"/work_pools/{name}/queues/filter")})


def _workers(workers: list[dict[str, Any]]) -> Finding:
    online = [worker["name"] for worker in workers if worker["status"] == "ONLINE"]
    if not online:
        return error(
            "prefect.workers",
            f"No worker is online ({len(workers)} are known): nothing is processed.",
            "Start `blurline worker` on this machine or another, or look at the log of the one that should run.",
        )
    others = sorted({version_of_worker(name) or "before 0.2.0" for name in online} - {VERSION})
    if others:
        return warning(
            "prefect.workers",
            f"Of {len(online)} workers that are online, some are not of this release: {', '.join(others)}.",
            "Where no upgrade is under way, install this release there, or that one here.",
        )
    return ok("prefect.workers", f"{len(online)} workers of this release are online.")


def _queues(queues: dict[str, dict[str, Any]]) -> Finding:
    name = "prefect.queues"
    missing = [queue for queue in QUEUE_PRIORITY if queue not in queues]
    if missing:
        return error(name, f"The queues {', '.join(missing)} are not there.", _DEPLOY)
    stopped = [
        queue for queue in QUEUE_PRIORITY if queues[queue]["is_paused"] or queues[queue]["concurrency_limit"] == 0
    ]
    if stopped:
        says = f"The queues {', '.join(stopped)} are paused: what waits there is not processed."
        return error(name, says, "Resume them in Prefect, under the work pool.")
    found = sorted(QUEUE_PRIORITY, key=lambda queue: queues[queue]["priority"])
    if found != sorted(QUEUE_PRIORITY, key=QUEUE_PRIORITY.__getitem__):
        return warning(
            name,
            f"The queue {found[0]} goes before {found[-1]}: small jobs wait for large ones.",
            f"Give {found[-1]} the smaller number of priority in Prefect, under the work pool.",
        )
    return ok(name, f"The queues {', '.join(found)} are there, in this order.")


def _automation(client: httpx.Client) -> Finding:
    name, wanted = "prefect.automation", HEARTBEAT_AUTOMATION["name"]
    found = [each for each in _rows(client, "/automations/filter") if each["name"] == wanted]
    says = "Runs whose worker has died are not marked as crashed; their images wait for the deadline."
    if not found:
        return error(name, f"The automation {wanted!r} is not there. {says}", _DEPLOY)
    if not any(each["enabled"] for each in found):
        return error(name, f"The automation {wanted!r} is off. {says}", "Turn it on in Prefect, under Automations.")
    return ok(name, f"The automation {wanted!r} is on.")


def _vacuum(client: httpx.Client) -> Iterator[Finding]:
    """Prefect Cloud, which looks after its own tables, does not show its settings."""
    answer = client.get("/admin/settings")
    if answer.is_error:
        return
    vacuum = answer.json().get("server", {}).get("services", {}).get("db_vacuum", {})
    lacking = sorted(_VACUUMED - set(vacuum.get("enabled") or []))
    if lacking:
        yield warning(
            "prefect.vacuum",
            f"Prefect never forgets old {' and '.join(lacking)}; its database grows without end.",
            f"Start the server with PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED={','.join(sorted(_VACUUMED))}.",
        )
    else:
        yield ok("prefect.vacuum", "Prefect forgets what is old.")


def _rows(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.post(path, json={}).raise_for_status().json()
    return rows

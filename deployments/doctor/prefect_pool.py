"""The work pool in Prefect: its workers, its queues, and what somebody has changed about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from blurline.orchestration.flow_runs import FlowRuns, PoolWorker
from blurline.version import VERSION, is_worker_of_ours, version_of_worker
from deployments.deploy import QUEUE_PRIORITY
from deployments.doctor.result import Finding, error, ok, warning
from deployments.worker import WarmWorker
from deployments.worker.intake import BACKLOG, INTERACTIVE

DEPLOY = "Run `blurline deploy`."
_IN_PREFECT = "in Prefect, under the work pool"


def work_pool(server: FlowRuns, name: str) -> Iterator[Finding]:
    """Check the pool, its workers and its queues."""
    pool = server.read(f"/work_pools/{name}")
    if pool is None:
        yield error(
            "prefect.pool", f"There is no work pool {name}.", f"{DEPLOY} It creates the pool of BLURLINE_WORK_POOL."
        )
        return
    yield _pool(name, pool)
    yield _workers(server.workers())
    yield _queues({queue["name"]: queue for queue in server.read(f"/work_pools/{name}/queues/filter", {})})
    if _is_on_sqlite(pool):
        yield error(
            "prefect.database",
            "Prefect stores its data in SQLite, which locks the whole file for every write, so flow runs fail and wait "
            "under load.",
            "Start it with a PostgreSQL database of its own: BLURLINE_PREFECT_DATABASE_URL for `blurline prefect`, "
            "PREFECT_SERVER_DATABASE_CONNECTION_URL for another server. Then run `blurline deploy`.",
        )


def _pool(name: str, pool: dict[str, Any]) -> Finding:
    limit = pool["concurrency_limit"]
    if pool["is_paused"]:
        return error(
            "prefect.pool", f"The work pool {name} is paused, so nothing is processed.", "Resume it in Prefect."
        )
    if pool["type"] != WarmWorker.type:
        return warning(
            "prefect.pool",
            f"The work pool {name} has the type {pool['type']}, which loads the models again for every flow run.",
            f"Delete the pool and run `blurline deploy`, which creates one of type {WarmWorker.type}.",
        )
    if limit is not None:
        says = f"The work pool {name} has a concurrency limit: at most {limit} flow runs at a time, on all workers."
        return (error if limit == 0 else warning)("prefect.pool", says, f"Remove the limit {_IN_PREFECT}.")
    if pool["base_job_template"] != WarmWorker.get_default_base_job_template():
        return warning("prefect.pool", f"The job template of the work pool {name} has been changed.", DEPLOY)
    return ok("prefect.pool", f"The work pool {name} exists.")


def _workers(workers: Sequence[PoolWorker]) -> Finding:
    name = "prefect.workers"
    online = [worker.name for worker in workers if worker.status == "ONLINE"]
    ours = [each for each in online if is_worker_of_ours(each)]
    if not ours:
        but = f", but {len(online)} that do not run Blurline: {', '.join(online[:3])}" if online else ""
        return error(
            name,
            f"No worker of Blurline is online{but} ({len(workers)} are known), so nothing is processed.",
            "Start `blurline worker`, or check the log of the worker that should be running.",
        )
    if foreign := sorted(set(online) - set(ours)):
        return warning(
            name,
            f"Some of the {len(online)} online workers are not Blurline's: {', '.join(foreign[:3])}. They load the "
            "models again for every flow run.",
            "Stop them, and start `blurline worker` in their place.",
        )
    others = sorted({version_of_worker(each) or "before 0.2.0" for each in ours} - {VERSION})
    if others:
        return warning(
            name,
            f"Some of the {len(online)} online workers run another release: {', '.join(others)}.",
            "Unless an upgrade is in progress, install the same release everywhere.",
        )
    return ok(name, f"{len(online)} workers of this release are online.")


def _queues(queues: dict[str, dict[str, Any]]) -> Finding:
    name = "prefect.queues"
    missing = [queue for queue in QUEUE_PRIORITY if queue not in queues]
    if missing:
        return error(name, f"The queues {', '.join(missing)} do not exist.", DEPLOY)
    limits = {queue: queues[queue]["concurrency_limit"] for queue in QUEUE_PRIORITY}
    stopped = [queue for queue in QUEUE_PRIORITY if queues[queue]["is_paused"] or limits[queue] == 0]
    if stopped:
        says = f"The queues {', '.join(stopped)} are paused, so their runs are not processed."
        return error(name, says, f"Resume them {_IN_PREFECT}, and remove their concurrency limits.")
    limited = [f"{queue} ({limit})" for queue, limit in limits.items() if limit is not None]
    if limited:
        says = f"The queues {', '.join(limited)} have a concurrency limit: runs wait although workers are free."
        return warning(name, says, f"Remove the limits {_IN_PREFECT}.")
    found = sorted(QUEUE_PRIORITY, key=lambda queue: queues[queue]["priority"])
    if found.index(INTERACTIVE) > found.index(BACKLOG):  # the others have processes of their own
        return warning(
            name,
            f"The queue {BACKLOG} takes precedence over {INTERACTIVE}, so small jobs wait for large ones.",
            f"Give {INTERACTIVE} the smaller priority number {_IN_PREFECT}.",
        )
    return ok(name, f"The queues {', '.join(found)} exist, in this order.")


def _is_on_sqlite(pool: dict[str, Any]) -> bool:
    """Whether the server uses SQLite; it hides the address of its database.

    SQLite returns an object of JSON with its keys as they were sent. PostgreSQL orders them by length.
    """
    sent, found = list(WarmWorker.get_default_base_job_template()), list(pool["base_job_template"])
    return found == sent != sorted(sent, key=len)

"""The workers: what Prefect knows of them, and whether their process still runs."""

from __future__ import annotations

from dataclasses import replace

from api.dependencies import Context
from blurline.orchestration.flow_runs import PoolWorker
from blurline.version import VERSION, presence_name, version_of_worker
from sql.upkeep.processes import list_worker_sessions

ONLINE, OFFLINE = "ONLINE", "OFFLINE"
_WITHIN_S = 3  # a person waits for the answer


def known_workers(context: Context) -> list[PoolWorker]:
    """The workers of the work pool, the most recent heartbeat first. Raises PrefectUnavailable, DatabaseUnavailable.

    Prefect says for a minute and a half after its end that a worker is online. One of this release is offline as soon
    as it has no session in the database.
    """
    found = context.flow_runs.workers(_WITHIN_S)
    if not any(worker.status == ONLINE for worker in found):
        return found
    sessions = list_worker_sessions(context.database)
    return [
        worker
        if version_of_worker(worker.name) != VERSION or presence_name(worker.name) in sessions
        else replace(worker, status=OFFLINE)
        for worker in found
    ]

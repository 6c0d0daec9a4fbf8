"""The dispatcher: turns outbox rows into flow runs, at once when Prefect answers and later when it does not.

A thread in every API process. Rows are claimed under a lock, so any number of them may run.
"""

from __future__ import annotations

from api.background.notified_thread import Background
from blurline.orchestration.flow_runs import FlowRuns
from blurline.settings import Settings
from sql.engine.database import Database
from sql.jobs.outbox import dispatch_waiting

_POLL_S = 0.5


def dispatcher(settings: Settings, database: Database, flow_runs: FlowRuns) -> Background:
    """The thread, not yet started."""
    return Background(
        "dispatcher",
        settings.database,
        "blurline_outbox",
        _POLL_S,
        lambda: dispatch_waiting(database, lambda waiting: flow_runs.create(waiting.flow_run)),
    )

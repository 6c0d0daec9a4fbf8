"""Threads of every API process: the dispatcher, the deleter and, with destinations, the deliverer.

The dispatcher turns outbox rows into flow runs and cancels flow runs that have nothing left to do; the deleter removes
the objects of deleted images from the store. The deliverer writes published results to destinations, and removes them
there. All lock or claim the rows they take, act at once, and retry while Prefect or a store is down.
"""

from __future__ import annotations

from api.background.notified_thread import NotifiedThread
from blurline.orchestration.flow_runs import FlowRuns
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.deletion.object_removal import remove_objects
from sql.engine.channels import Channel
from sql.engine.database import Database
from sql.imports.destinations import update_destinations
from sql.jobs.cancellations import cancel_flow_runs
from sql.jobs.outbox import dispatch_waiting

_DISPATCH_POLL_S = 0.5
_DELETION_POLL_S = 5
_DELIVERY_POLL_S = 2


def dispatcher(settings: Settings, database: Database, flow_runs: FlowRuns) -> NotifiedThread:
    """Return the dispatcher's thread, not yet started."""

    def dispatch() -> int:
        dispatched = dispatch_waiting(database, lambda waiting: flow_runs.create(waiting.flow_run))
        return dispatched + cancel_flow_runs(database, flow_runs.cancel)

    return NotifiedThread("dispatcher", settings.database.conninfo, Channel.OUTBOX, _DISPATCH_POLL_S, dispatch)


def deleter(settings: Settings, database: Database, store: Store) -> NotifiedThread:
    """Return the deleter's thread, not yet started."""
    return NotifiedThread(
        "deleter",
        settings.database.conninfo,
        Channel.DELETIONS,
        _DELETION_POLL_S,
        lambda: remove_objects(database, store).tried,
    )


def deliverer(settings: Settings, database: Database, store: Store) -> NotifiedThread:
    """Return the deliverer's thread, not yet started."""
    return NotifiedThread(
        "deliverer",
        settings.database.conninfo,
        Channel.DESTINATIONS,
        _DELIVERY_POLL_S,
        lambda: update_destinations(database, store),
    )

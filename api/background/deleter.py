"""The deleter: rids the store of what was deleted, at once when the store answers and later when it does not.

A thread in every API process. Rows are claimed under a lock, so any number of them may run.
"""

from __future__ import annotations

from api.background.notified_thread import Background
from blurline.settings import Settings
from blurline.storage.store import Store
from sql.deletion.object_removal import erase
from sql.engine.database import Database

_POLL_S = 5


def deleter(settings: Settings, database: Database, store: Store) -> Background:
    """The thread, not yet started."""
    return Background("deleter", settings.database, "blurline_deletions", _POLL_S, lambda: erase(database, store))

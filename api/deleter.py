"""The deleter: rids the store of the objects of deleted images, at once when it answers and later when it does not.

A thread in every API process. Rows are claimed under a lock, so any number of them may run.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from api.background import Background
from blurline.settings import Settings
from blurline.store import Store
from sql.database import Database
from sql.deletions import Doomed, remove_objects

_POLL_S = 5
_AT_ONCE = 8


def deleter(settings: Settings, database: Database, store: Store) -> Background:
    """The thread, not yet started."""

    def remove(doomed: Iterable[Doomed]) -> int:
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
            return sum(threads.map(lambda each: store.remove_image(each.original_key, each.image_id), doomed))

    return Background(
        "deleter", settings.database, "blurline_deletions", _POLL_S, lambda: remove_objects(database, remove)
    )

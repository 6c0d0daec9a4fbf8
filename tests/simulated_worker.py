"""A simulated worker in a thread: it publishes every submitted picture without decoding it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from blurline.settings import Settings
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.attempts import Attempt
from sql.jobs.publishing import publish
from sql.jobs.settlement import fail
from tests.api_requests import original_bytes, underway
from tests.factories import result

SENTENCE = "The file is cut short. Send it again."


def redacted(original: bytes) -> bytes:
    """This worker's result for a picture."""
    return b"redacted " + original


@contextmanager
def running_worker(settings: Settings, database: Database, store: Store) -> Iterator[None]:
    """Publish every picture during the block, but fail those with `broken` in their name."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            for attempt in underway(database, settings):
                if ended.is_set():
                    return
                settle(attempt, database, store)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def settle(attempt: Attempt, database: Database, store: Store) -> None:
    """Publish one picture, or fail it."""
    if "broken" in attempt.name:
        with database.transaction() as transaction:
            fail(transaction, attempt, "unreadable_picture", SENTENCE)
        return
    data = redacted(original_bytes(store, attempt.original_key))
    made = replace(
        result(f"{attempt.image_id}/{attempt.id}.jpg"),
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    store.put_result(made.key, data, made.media_type)
    with database.transaction() as transaction:
        publish(transaction, attempt, made)

"""Time of comparing the store with the database, and of deleting expired originals, with 100,000 images."""

from __future__ import annotations

import io
import tempfile
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from blurline.ids import new_id
from blurline.policy import Policy
from blurline.storage.inventory import ImageBucket
from blurline.storage.store import Store
from flows.retention import delete_expired
from sql.deletion.retention import terms
from sql.engine.database import Database
from sql.jobs.submissions import BatchSize, NewJob, Original
from sql.upkeep.consistency import inspect
from tests.factories import create_job
from tests.servers import running_servers

_IMAGES = 100_000
_ORPHANS = 1000
_DELETED = 2000
_PREFIX = "0123456789abcdef/direct"


def run() -> dict[str, Any]:
    """Seconds, and Python's peak memory meanwhile."""
    with tempfile.TemporaryDirectory() as folder, running_servers(Path(folder)) as settings:
        database, store = Database(settings.database.conninfo), Store(settings)
        keys = [f"{_PREFIX}/{new_id()}" for _ in range(_IMAGES + _ORPHANS)]
        with ThreadPoolExecutor(16) as threads:
            etags = list(threads.map(lambda key: store.put_original(key, io.BytesIO(b"x"), 1).etag, keys))
        originals = [Original("a.jpg", key, etag, 1) for key, etag in zip(keys, etags, strict=True)][:_IMAGES]
        create_job(database, NewJob("ann", Policy(), originals, "backlog"), BatchSize(24, 10**9))
        del keys, etags, originals
        tracemalloc.start()
        started = time.perf_counter()
        findings = inspect(database, store, ImageBucket.ORIGINALS, -60)
        compared_s = time.perf_counter() - started
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert (findings.objects, findings.orphan_count) == (_IMAGES + _ORPHANS, _ORPHANS)
        assert findings.missing_count == 0
        with psycopg.connect(settings.database.conninfo) as connection:
            connection.execute(
                "UPDATE images SET state = 'failed', open_attempt_id = NULL, finished_at = now() - interval '10 days',"
                " created_at = now() - interval '10 days' WHERE position < %s",
                (_DELETED,),
            )
        started = time.perf_counter()
        delete_expired(database, store, replace(terms(settings), originals_days=1.0), _DELETED, 600)
        deleted_s = time.perf_counter() - started
        store.close()
        database.close()
    return {
        "images": _IMAGES,
        "compared_s": round(compared_s, 1),
        "peak_mb": round(peak_bytes / 1e6, 1),
        "originals_deleted_a_second": round(_DELETED / deleted_s),
    }

"""Images to back up, and the contents of an installation for comparison."""

from __future__ import annotations

import hashlib
import io
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from blurline.ids import new_id
from blurline.policy import Policy
from blurline.settings import Settings
from blurline.storage.bucket_admin import Buckets
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.attempts import start_batch
from sql.jobs.publishing import publish
from sql.jobs.submissions import BatchSize, NewJob, Original
from tests.api_requests import original_bytes
from tests.factories import create_job, result

SIZE = BatchSize(images=10, bytes=1_000_000_000)


def submit(settings: Settings, database: Database, *contents: bytes) -> UUID:
    """A job with an image of each content."""
    originals = []
    with closing(Store(settings)) as store:
        for content in contents:
            stored = store.put_original(f"0123456789abcdef/{new_id()}", io.BytesIO(content), len(content))
            originals.append(Original("a.jpg", stored.key, stored.etag, stored.size_bytes))
    return create_job(database, NewJob("ann", Policy(), originals, "interactive"), SIZE)


def publish_all(settings: Settings, database: Database, content: bytes) -> None:
    """Publish this result for every waiting image."""
    with psycopg.connect(settings.database.conninfo) as connection:
        ids = [batch_id for (batch_id,) in connection.execute("SELECT id FROM batches ORDER BY id")]
    with closing(Store(settings)) as store:
        for batch_id in ids:
            batch = start_batch(database, batch_id)
            for attempt in batch.attempts if batch else ():
                key = f"{attempt.image_id}/{attempt.id}.jpg"
                store.put_result(key, content, "image/jpeg")
                original = original_bytes(store, attempt.original_key)
                made = replace(result(key), sha256=_sha256(content), original_sha256=_sha256(original))
                with database.transaction() as transaction:
                    assert publish(transaction, attempt, made).is_won


def objects_of(settings: Settings) -> dict[tuple[str, str], tuple[bytes, str]]:
    """The content and media type of every object, by role and key."""
    found = {}
    with closing(Buckets(settings)) as buckets:
        for role, bucket in buckets.by_role.items():
            for each in buckets.objects(bucket):
                with buckets.reading(bucket, each.key) as reading:
                    found[role, each.key] = (b"".join(reading.chunks), reading.media_type)
    return found


def rows_of(database_url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the tables that matter most."""
    with psycopg.connect(database_url) as connection:
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2".encode()).fetchall()
            for table in ("jobs", "images", "attempts", "batches", "detections", "outbox", "events", "tallies")
        }


def contents_of(folder: Path) -> set[bytes]:
    """The contents of every object that a backup keeps."""
    return {path.read_bytes() for path in folder.glob("objects/??/*")}


def index_of(folder: Path) -> set[tuple[str, str]]:
    """Role and key of every object that a backup knows."""
    (path,) = folder.glob("objects-*.sqlite")
    with closing(sqlite3.connect(path)) as index:
        return set(index.execute("SELECT role, key FROM objects"))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

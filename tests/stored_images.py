"""Images with real objects in the store, at any age."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import psycopg

from blurline.ids import new_id
from blurline.policy import Policy
from blurline.settings import Settings
from blurline.storage.inventory import ImageBucket
from blurline.storage.preview_keys import PreviewSize, preview_key
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.jobs.attempts import Attempt
from sql.jobs.publishing import publish
from sql.jobs.submissions import BatchSize, NewJob, Original
from tests.api_requests import underway
from tests.clock import age_job
from tests.factories import create_job, result

OWN_HASH = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class StoredImages:
    """Submits, publishes and ages images, over a database and a store."""

    settings: Settings
    database: Database
    store: Store

    def submit(self, images: int = 1, **retention: float) -> UUID:
        """Submit a job with stored originals and these retention terms; its id."""
        keys = [f"{OWN_HASH}/direct/{new_id()}" for _ in range(images)]
        stored = [self.store.put_original(key, io.BytesIO(b"original"), 8) for key in keys]
        originals = [Original(f"{at}.jpg", each.key, each.etag, 8) for at, each in enumerate(stored)]
        job = NewJob("ann", Policy(), originals, "backlog", retention=retention)
        return create_job(self.database, job, BatchSize(24, 10**9))

    def publish(self) -> list[Attempt]:
        """Store and publish results of every open attempt, with previews of both."""
        attempts = underway(self.database, self.settings)
        for attempt in attempts:
            key = self.put_result(attempt.image_id, attempt.id)
            self.store.put_result(preview_key(key, PreviewSize.THUMB), b"thumb", "image/jpeg")
            self.store.put_original_preview(preview_key(attempt.original_key, PreviewSize.THUMB), b"t", "image/jpeg")
            with self.database.transaction() as transaction:
                publish(transaction, attempt, result(key))
        return attempts

    def put_result(self, image_id: UUID, attempt_id: UUID) -> str:
        """Store a result that no row names yet; its key."""
        key = f"{image_id}/{attempt_id}.jpg"
        self.store.put_result(key, b"result", "image/jpeg")
        return key

    def published(self, images: int = 1, days_ago: float = 0, **retention: float) -> UUID:
        """A job that was submitted and published this many days ago; its id."""
        job_id = self.submit(images, **retention)
        self.publish()
        self.age(job_id, days_ago)
        return job_id

    def age(self, job_id: UUID, days: float) -> None:
        """Age a job, its images and the attempts at them."""
        age_job(self.settings.database.conninfo, job_id, timedelta(days=days))

    def keys(self, bucket: ImageBucket) -> set[str]:
        """The keys in the store."""
        return {each.key for each in self.store.list_all(bucket)}

    def rows(self, text: str, *values: object) -> list[tuple[object, ...]]:
        """Run a statement on the database; its rows, if any."""
        with psycopg.connect(self.settings.database.conninfo) as connection:
            cursor = connection.execute(text.encode(), values)
            return cursor.fetchall() if cursor.description else []

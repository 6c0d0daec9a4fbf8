"""Storing originals that a worker has fetched from their URLs."""

from __future__ import annotations

from collections.abc import Callable

from blurline.storage.store import StoredObject
from sql.engine.database import Database
from sql.jobs.attempts import Attempt
from sql.jobs.quotas import QuotaLimits, charge


def keep_original(
    database: Database, attempt: Attempt, size_bytes: int, quotas: QuotaLimits, put: Callable[[], StoredObject]
) -> bool:
    """Store the original with ``put`` and record it, if the attempt is still the open one. Return whether it is.

    The image stays locked meanwhile. So a late attempt cannot overwrite the original of a newer one, and a concurrent
    deletion comes either before, and nothing is stored, or after, and finds the object. The bytes count as submitted
    today. Raises OverQuota, and stores nothing, when they exceed the quota.
    """
    with database.transaction() as transaction:
        image = transaction.one("lock_image_of_attempt", image_id=attempt.image_id, attempt_id=attempt.id)
        if image is None:
            return False
        charge(transaction, image["owner"], quotas, 0, size_bytes)
        stored = put()
        transaction.run("set_original", image_id=attempt.image_id, etag=stored.etag, bytes=stored.size_bytes)
    return True

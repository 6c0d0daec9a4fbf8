"""Uploads that are not submitted yet, which count against the quotas of their owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sql.engine.database import Database, Transaction
from sql.jobs.quotas import OverQuota, QuotaLimits, check, quotas_and_usage

_AT_ONCE = 1000


def reserve_uploads(
    database: Database, owner: str, keys: Sequence[str], max_bytes: int, ttl_s: float, default: QuotaLimits, most: int
) -> None:
    """Record new upload forms, each for up to ``max_bytes``. Raises OverQuota.

    The owner's open uploads and these must fit into what is left of the quotas, and be at most ``most``.
    """
    with database.transaction() as transaction:
        transaction.one("lock_uploads_of_owner", owner=owner)
        opened = transaction.one("count_open_uploads", owner=owner)
        assert opened is not None
        if opened["uploads"] + len(keys) > most:
            raise OverQuota(
                f"You have {opened['uploads']} uploads that are not submitted, and at most {most} are allowed. Submit "
                "them, or wait until unused forms expire.",
                int(ttl_s),
            )
        quotas, used = quotas_and_usage(transaction, owner, default)
        total = replace(
            used,
            images_today=used.images_today + opened["uploads"],
            bytes_today=used.bytes_today + opened["bytes"],
        )
        # An upload may wait until a job has ended, so the quota of unfinished jobs counts at its submission.
        check(replace(quotas, open_jobs=None), total, len(keys), len(keys) * max_bytes)
        transaction.run("insert_open_uploads", owner=owner, keys=list(keys), bytes=max_bytes, ttl_s=ttl_s)


def list_expired_forms(database: Database, owner: str) -> list[str]:
    """Keys of the owner's forms that have expired and of which it is not known whether they were used; in order."""
    with database.transaction() as transaction:
        return [row["key"] for row in transaction.all("expired_forms", owner=owner, limit=_AT_ONCE)]


def settle_expired_forms(database: Database, keys: Sequence[str], stored_bytes: Mapping[str, int]) -> None:
    """Count expired forms with what they have stored (``stored_bytes``, by key). Unused ones no longer count."""
    unused = [key for key in keys if key not in stored_bytes]
    with database.transaction() as transaction:
        transaction.run("delete_open_uploads", keys=unused)
        transaction.run("settle_stored_uploads", keys=list(stored_bytes), bytes=list(stored_bytes.values()))


def close_uploads(transaction: Transaction, keys: Sequence[str]) -> None:
    """End the count of uploads that the transaction submits."""
    transaction.run("delete_open_uploads", keys=list(keys))

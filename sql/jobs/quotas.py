"""Quotas: limits on what an owner submits, counted in the transaction that creates a job."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from blurline.errors import PermanentError
from blurline.settings import Settings
from sql.engine.database import Database, Transaction

_FINISHES_SOON_S = 30


class OverQuota(PermanentError):
    """A submission exceeds its owner's quota. ``retry_after_s`` is the time until it may fit."""

    code = "quota_exceeded"

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """The limits; None for no limit. Days are UTC days."""

    images_per_day: int | None = None
    bytes_per_day: int | None = None
    open_jobs: int | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """An owner's submissions of today and unfinished jobs."""

    images_today: int
    bytes_today: int
    open_jobs: int


def default_quotas(settings: Settings) -> QuotaLimits:
    """The quotas in the settings."""
    megabytes = settings.quotas.mb_per_day
    return QuotaLimits(
        settings.quotas.images_per_day, None if megabytes is None else int(megabytes * 1e6), settings.quotas.open_jobs
    )


def look_up(database: Database, owner: str, default: QuotaLimits) -> tuple[QuotaLimits, Used]:
    """An owner's quotas and usage."""
    with database.transaction() as transaction:
        return quotas_and_usage(transaction, owner, default)


def quotas_and_usage(transaction: Transaction, owner: str, default: QuotaLimits) -> tuple[QuotaLimits, Used]:
    """Like `look_up`, within the caller's transaction."""
    return _quotas(transaction, owner, default), _used(transaction, owner)


def check_room(database: Database, owner: str, default: QuotaLimits, images: int, size_bytes: int) -> None:
    """Raise OverQuota when this much more would exceed the owner's quotas. Checks before files are stored."""
    with database.transaction() as transaction:
        quotas = _quotas(transaction, owner, default)
        if quotas != QuotaLimits():
            check(quotas, _used(transaction, owner), images, size_bytes)


def check(quotas: QuotaLimits, used: Used, images: int, size_bytes: int) -> None:
    """Raise OverQuota when this much more would exceed a quota. Pure."""
    for name, most, before, more in (
        ("images a day", quotas.images_per_day, used.images_today, images),
        ("bytes a day", quotas.bytes_per_day, used.bytes_today, size_bytes),
    ):
        if most is not None and before + more > most:
            raise OverQuota(
                f"Your quota is {most} {name} (UTC): {before} are used and this request has {more}. "
                "Submit less or wait until tomorrow. Uploads that are not submitted count.",
                _until_midnight_s(),
            )
    if images and quotas.open_jobs is not None and used.open_jobs >= quotas.open_jobs:
        raise OverQuota(
            f"Your quota is {quotas.open_jobs} unfinished jobs, and you have {used.open_jobs}. Wait for one to end.",
            _FINISHES_SOON_S,
        )


def charge(transaction: Transaction, owner: str, default: QuotaLimits, images: int, size_bytes: int) -> None:
    """Count a submission against its owner's quotas, before it is written. Raises OverQuota.

    The owner's row of the day stays locked until the transaction ends, so that concurrent submissions are counted one
    after another.
    """
    counted = transaction.one("charge_usage", owner=owner, images=images, bytes=size_bytes)
    quotas = _quotas(transaction, owner, default)
    if quotas != QuotaLimits():
        assert counted is not None
        used = Used(counted["images"] - images, counted["bytes"] - size_bytes, 0)
        if quotas.open_jobs is not None:
            used = replace(used, open_jobs=_used(transaction, owner).open_jobs)
        check(quotas, used, images, size_bytes)


def _quotas(transaction: Transaction, owner: str, default: QuotaLimits) -> QuotaLimits:
    row = transaction.one("quotas_of", owner=owner)
    return replace(default, **(row["quotas"] if row else {}))


def _used(transaction: Transaction, owner: str) -> Used:
    row = transaction.one("usage_today", owner=owner)
    assert row is not None
    return Used(**row)


def _until_midnight_s() -> int:
    now = datetime.now(UTC)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((midnight - now).total_seconds()) + 1

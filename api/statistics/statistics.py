"""Statistics: figures over the images that the caller may see."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter

from api.dependencies import Ctx, Who
from api.visibility import visible_owner
from blurline.contract import Statistics, Time
from sql.jobs.job_queries import statistics

router = APIRouter(prefix="/v1/statistics", tags=["statistics"])

_DEFAULT_RANGE = timedelta(days=30)


@router.get("")
def get_statistics(context: Ctx, who: Who, since: Time | None = None, until: Time | None = None) -> list[Statistics]:
    """Images submitted in a time range (the last 30 days when absent), by state and error code."""
    until = until or datetime.now(UTC)
    if since is None:
        since = max(until, datetime.min.replace(tzinfo=until.tzinfo) + _DEFAULT_RANGE) - _DEFAULT_RANGE
    rows = statistics(context.database, visible_owner(who), since, until)
    return [Statistics(**asdict(row)) for row in rows]

"""sweep: every night, compares the store with the database, removes orphaned objects and reports missing ones."""

from __future__ import annotations

import time
from typing import Annotated

import structlog
from prefect import flow
from pydantic import Field

from blurline.settings import Settings, load_settings
from blurline.storage.inventory import ImageBucket
from blurline.storage.store import Store
from sql.engine.database import Database
from sql.upkeep.consistency import check_plausible, grace_s, inspect, repair_bucket
from sql.upkeep.housekeeping import note_success
from tasks.resources import database, store

log = structlog.get_logger()


@flow(name="sweep", persist_result=False, retries=1, retry_delay_seconds=300)
def sweep(
    dry_run: bool = False,
    limit: Annotated[int, Field(gt=0)] = 10_000,
    max_minutes: Annotated[float, Field(gt=0)] = 60,
) -> str:
    """Remove objects that no row names and that are older than uploads are kept. Mark images whose object is missing.

    At most `limit` objects of each bucket are removed. When more than a fifth of a bucket is orphaned, the run fails
    and removes nothing: check with `blurline consistency`. A dry run only counts.
    """
    return sweep_store(database(), store(), load_settings(), limit, max_minutes * 60, dry_run=dry_run)


def sweep_store(
    database: Database, store: Store, settings: Settings, limit: int, max_s: float, *, dry_run: bool = False
) -> str:
    """Do the flow's work and return its counts as a sentence. Raises TooManyOrphans."""
    ends_at_s = time.monotonic() + max_s
    found = [inspect(database, store, bucket, grace_s(settings), limit, ends_at_s) for bucket in ImageBucket]
    counts = {
        f"{kind}_{findings.bucket}": count
        for findings in found
        for kind, count in (
            ("orphaned", findings.orphan_count),
            ("missing", findings.missing_count + findings.known_missing),
            ("returned", findings.returned_count),
        )
    }
    is_complete = all(findings.is_complete for findings in found)
    if not dry_run:
        for findings in found:
            check_plausible(findings)
        for findings in found:
            counts[f"removed_{findings.bucket}"] = repair_bucket(database, store, findings).orphans_removed
        if is_complete:
            note_success(database, "sweep", counts)
    log.info("store_swept", dry_run=dry_run, is_complete=is_complete, **counts)
    done = ", ".join(f"{kind.replace('_', ' ')}: {count}" for kind, count in counts.items())
    return done if is_complete else f"{done}; the time was over before the end"

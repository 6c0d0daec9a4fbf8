"""sweep: every night, compares the store with the database, removes orphaned objects and reports missing ones."""

from __future__ import annotations

import time
from typing import Annotated

import structlog
from prefect import flow
from prefect.client.schemas.objects import State

from blurline.settings import Settings, load_settings
from blurline.storage.inventory import ImageBucket
from blurline.storage.store import Store
from flows.form import titled
from flows.outcome import Outcome, completed, dashboard_link, run_name
from sql.engine.database import Database
from sql.upkeep.consistency import Findings, check_plausible, grace_s, inspect, repair_bucket
from sql.upkeep.housekeeping import note_success
from sql.upkeep.sweep_positions import START, clear_positions, read_positions, save_position
from tasks.resources import database, store

log = structlog.get_logger()

_PART_OBJECTS = 50_000


@flow(name="sweep", flow_run_name=lambda: run_name("sweep"), persist_result=False, retries=1, retry_delay_seconds=300)
def sweep(
    dry_run: Annotated[bool, titled("Dry run", "Only count what would be removed or marked.")] = False,
    limit: Annotated[int, titled("Limit", "The most objects of each bucket to remove in this run.", gt=0)] = 10_000,
    max_minutes: Annotated[
        float, titled("Minutes", "The longest time of this run; the next one continues.", gt=0)
    ] = 60,
) -> State[None]:
    """Remove objects that no row names and that are older than uploads are kept. Mark images whose object is missing.

    At most `limit` objects of each bucket are removed. A run that ends at its time, or is killed, is continued by the
    next one. When more than a fifth of a bucket is orphaned, the run fails
    and removes nothing: check with `blurline consistency`. A dry run only counts.
    """
    said = sweep_store(database(), store(), load_settings(), limit, max_minutes * 60, dry_run=dry_run)
    return completed(Outcome(f"Compared the store with the database: {said}.", link=dashboard_link("system")))


def sweep_store(
    database: Database, store: Store, settings: Settings, limit: int, max_s: float, *, dry_run: bool = False
) -> str:
    """Do the flow's work and return its counts as a sentence. Raises TooManyOrphans.

    It compares a part of each bucket, repairs it and saves the position, and so on. A dry run starts at the beginning.
    """
    ends_at_s = time.monotonic() + max_s
    positions = dict.fromkeys(ImageBucket, START) if dry_run else read_positions(database)
    counts = {f"{kind}_{bucket}": 0 for bucket in ImageBucket for kind in ("orphaned", "missing", "returned")}
    if not dry_run:
        counts |= {f"removed_{bucket}": 0 for bucket in ImageBucket}
        store.abort_uploads(grace_s(settings))
    while left := [bucket for bucket in ImageBucket if not positions[bucket].is_done]:
        found = [
            inspect(
                database,
                store,
                bucket,
                grace_s(settings),
                limit - counts.get(f"removed_{bucket}", 0),
                ends_at_s,
                positions[bucket],
                _PART_OBJECTS,
            )
            for bucket in left
        ]
        for findings in found:
            positions[findings.bucket] = findings.position
            _count(counts, findings)
        if not dry_run:
            _repair(database, store, found, counts)
        if time.monotonic() > ends_at_s:
            break
    is_complete = all(position.is_done for position in positions.values())
    if is_complete and not dry_run:
        clear_positions(database)
        note_success(database, "sweep", counts)
    log.info("store_swept", dry_run=dry_run, is_complete=is_complete, **counts)
    done = ", ".join(f"{kind.replace('_', ' ')}: {count}" for kind, count in counts.items())
    return done if is_complete else f"{done}; the time was over before the end"


def _count(counts: dict[str, int], findings: Findings) -> None:
    counts[f"orphaned_{findings.bucket}"] += findings.orphan_count
    counts[f"missing_{findings.bucket}"] += findings.missing_count + findings.known_missing
    counts[f"returned_{findings.bucket}"] += findings.returned_count


def _repair(database: Database, store: Store, found: list[Findings], counts: dict[str, int]) -> None:
    """Repair what was found once all of it is plausible, and save how far the sweep has come."""
    for findings in found:
        check_plausible(findings)
    for findings in found:
        counts[f"removed_{findings.bucket}"] += repair_bucket(database, store, findings).orphans_removed
        save_position(database, findings.bucket, findings.position)

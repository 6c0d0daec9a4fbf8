"""export: writes images and detections to the store as a dataset, every night."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from tempfile import TemporaryFile

import pyarrow
import structlog
from prefect import flow
from prefect.client.schemas.objects import State

from blurline.errors import BlurlineError
from blurline.storage.store import Store
from flows.outcome import Outcome, completed, dashboard_link, run_name
from sql.engine.database import Database
from sql.statistics.exports import list_changed_days, note_exported, pages_of_detections, pages_of_images
from sql.statistics.statistics import StatisticsFilter, fold
from sql.statistics.tables import DETECTIONS, IMAGES, Rows, write_parquet
from tasks.resources import database, store

log = structlog.get_logger()

_MOST_FAULTS = 10  # then the store is down, and the next run goes on

_TABLES: dict[str, tuple[Callable[[Database, StatisticsFilter], Iterator[Rows]], pyarrow.Schema]] = {
    "images": (pages_of_images, IMAGES),
    "detections": (pages_of_detections, DETECTIONS),
}


@flow(name="export", flow_run_name=lambda: run_name("export"), persist_result=False, retries=2, retry_delay_seconds=60)
def export() -> State[None]:
    """Write a Parquet file of images and one of detections for each day whose images have changed.

    The dataset is partitioned like Hive's: `images/day=2026-11-25/part.parquet`. A day is the UTC day of submission;
    today is written once it is over. A day is written as a whole, and an interrupted run continues with the next day.
    """
    return completed(Outcome(f"Exported {export_changed(database(), store())}.", link=dashboard_link("exports")))


def export_changed(database: Database, store: Store) -> str:
    """Write the days that have changed. Return the counts as a sentence.

    A day that cannot be written keeps no other day; the error is raised once the others are written.
    """
    fold(database)  # updates the list of changed days
    days, rows = 0, dict.fromkeys(_TABLES, 0)
    faults: list[BlurlineError] = []
    for changed in list_changed_days(database):
        try:
            written = write_day(database, store, changed.day)
        except BlurlineError as error:
            log.warning("day_not_exported", day=changed.day.isoformat(), error=str(error))
            faults.append(error)
            if len(faults) == _MOST_FAULTS:
                break
            continue
        for table, count in written.items():
            rows[table] += count
        note_exported(database, changed)
        days += 1
    log.info("exported", days=days, **rows)
    if faults:
        raise faults[0]
    return f"{days} days: " + ", ".join(f"{count} {table}" for table, count in rows.items())


def write_day(database: Database, store: Store, day: date) -> dict[str, int]:
    """Write the files of a day, or remove them if the day has no images. Return the number of rows of each."""
    since = datetime.combine(day, time(), UTC)
    wanted = StatisticsFilter(since, since + timedelta(days=1))
    rows = {}
    for table, (pages, schema) in _TABLES.items():
        with TemporaryFile() as file:
            rows[table] = write_parquet(pages(database, wanted), schema, file)
            size_bytes = file.tell()
            file.seek(0)
            if rows["images"]:
                store.put_export(export_key(table, day), file, size_bytes)
            else:
                store.remove_export(export_key(table, day))
    return rows


def export_key(table: str, day: date) -> str:
    """The key of a day's file of a table."""
    return f"{table}/day={day.isoformat()}/part.parquet"

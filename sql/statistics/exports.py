"""Rows for export, page by page. Each page has its own transaction, so that a slow reader holds none open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from sql.engine.database import Database, Row
from sql.statistics.statistics import StatisticsFilter

_PAGE = 2000
_BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """An image that a reviewer has approved or corrected. Boxes are (class name, frame, x1, y1, x2, y2) in upright
    pixels."""

    id: UUID
    name: str
    original_key: str | None
    original_etag: str | None
    original_sha256: str | None
    source: str | None
    source_key: str | None
    width_px: int
    height_px: int
    frames: int | None
    kind: str
    decided_at: datetime
    boxes: list[tuple[str, int, float, float, float, float]]


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """A day whose images have changed; ``version`` counts the changes."""

    day: date
    version: int


def pages_of_images(database: Database, wanted: StatisticsFilter) -> Iterator[list[Row]]:
    """Rows of `sql.statistics.tables.IMAGES`, oldest first."""
    return _pages(database, "images_to_export", wanted)


def pages_of_detections(database: Database, wanted: StatisticsFilter) -> Iterator[list[Row]]:
    """Rows of `sql.statistics.tables.DETECTIONS`, image by image."""
    for page in pages_of_images(database, wanted):
        with database.transaction() as transaction:
            detections = transaction.all("detections_to_export", image_ids=[row["image_id"] for row in page])
        yield detections


def list_reviewed(database: Database, wanted: StatisticsFilter) -> Iterator[Reviewed]:
    """Every image whose boxes a reviewer has approved or corrected."""
    for page in _pages(database, "reviewed_to_export", wanted):
        for row in page:
            yield Reviewed(**{name: row[name] for name in Reviewed.__slots__})


def list_changed_days(database: Database) -> list[ChangedDay]:
    """Days before today (UTC) to export, oldest first. Call `fold` before."""
    with database.transaction() as transaction:
        return [ChangedDay(**row) for row in transaction.all("days_to_export")]


def note_exported(database: Database, day: ChangedDay) -> None:
    """Record that the day was exported at this version. A later change makes it due again."""
    with database.transaction() as transaction:
        transaction.run("note_exported", day=day.day, version=day.version)


def _pages(database: Database, name: str, wanted: StatisticsFilter) -> Iterator[list[Row]]:
    labels = None if wanted.labels is None else Jsonb(dict(wanted.labels))
    fields: dict[str, Any] = {field: getattr(wanted, field) for field in StatisticsFilter.__slots__}
    cursor: dict[str, Any] = {"cursor_at": wanted.since, "cursor_id": _BEFORE_ALL}
    while True:
        with database.transaction() as transaction:
            page = transaction.all(name, **{**fields, "labels": labels}, **cursor, limit=_PAGE)
        if not page:
            return
        yield page
        cursor = {"cursor_at": page[-1]["created_at"], "cursor_id": page[-1]["cursor_id"]}

"""Statistics of images, from tallies that every change of an image updates.

Times are hours of submission, except in `throughput`, which uses the hour in which an image was first settled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from sql.engine.database import Database, Row

Interval = Literal["hour", "day"]


@dataclass(frozen=True, slots=True)
class StatisticsFilter:
    """A filter of images, submitted from the hour ``since`` up to ``until``. A field of None does not restrict."""

    since: datetime
    until: datetime
    owner: str | None = None
    profile: str | None = None
    state: str | None = None
    labels: Mapping[str, str] | None = None
    model_sha256: str | None = None
    made_by_version: str | None = None


@dataclass(frozen=True, slots=True)
class PointRow:
    """Images of one state, submitted (or settled) in the hour or day that begins at ``start``."""

    start: datetime
    state: str
    images: int
    faces: int


@dataclass(frozen=True, slots=True)
class HistogramRow:
    """A histogram. ``counts`` has one item more than ``edges``: bins are half-open, the outer two unbounded."""

    edges: list[float]
    counts: list[int]


@dataclass(frozen=True, slots=True)
class FailureRow:
    """The number of images with an error code."""

    state: str
    error_code: str
    images: int


@dataclass(frozen=True, slots=True)
class ModelRow:
    """Images whose current result was made with a model and profile."""

    name: str
    sha256: str
    profile: str
    images: int
    faces: int


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """Images whose current result was made by a release."""

    made_by_version: str
    images: int
    faces: int


@dataclass(frozen=True, slots=True)
class ClassRow:
    """Images whose current result has destroyed objects of a class, and how many."""

    class_name: str
    images: int
    objects: int


@dataclass(frozen=True, slots=True)
class DurationsRow:
    """Sums of times, and the number of images of each sum."""

    started: int
    wait_us: int
    settled: int
    turnaround_us: int
    treated: int
    processing_us: int
    staged: int
    stages: list[str]
    stage_us: list[int]


@dataclass(frozen=True, slots=True)
class QueueRow:
    """Images in a non-final state, and when the oldest was submitted."""

    state: str
    images: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class DecisionsRow:
    """Decisions of one kind, and how long their results waited."""

    kind: str
    decisions: int
    mean_wait_minutes: float | None
    median_wait_minutes: float | None


@dataclass(frozen=True, slots=True)
class QualityRow:
    """The detector's quality under a profile, for one bin of face sizes, from reviewers' decisions."""

    profile: str
    bin: int
    images: int
    found: int
    missed: int
    mistaken: int


def timeline(database: Database, wanted: StatisticsFilter, bucket: Interval) -> list[PointRow]:
    """Images by time of submission and current state."""
    return [PointRow(**row) for row in _rows(database, "timeline", wanted, bucket=bucket, clock="submitted")]


def throughput(database: Database, wanted: StatisticsFilter, bucket: Interval) -> list[PointRow]:
    """Images by the time at which they were first settled, and current state."""
    return [PointRow(**row) for row in _rows(database, "timeline", wanted, bucket=bucket, clock="settled")]


def histogram(database: Database, wanted: StatisticsFilter, figure: str) -> HistogramRow:
    """The distribution of a figure, which must be one of the table ``bin_edges``."""
    (row,) = _rows(database, "histogram", wanted, figure=figure)
    return HistogramRow(row["edges"], row["counts"] or [0] * (len(row["edges"]) + 1))


def failures(database: Database, wanted: StatisticsFilter) -> list[FailureRow]:
    """Images by error code, the most frequent first."""
    return [FailureRow(**row) for row in _rows(database, "failures", wanted)]


def classes(database: Database, wanted: StatisticsFilter) -> list[ClassRow]:
    """Destroyed objects by class, faces first."""
    return [ClassRow(**row) for row in _rows(database, "classes", wanted)]


def models(database: Database, wanted: StatisticsFilter) -> list[ModelRow]:
    """Images by the model of their result."""
    return [ModelRow(**row) for row in _rows(database, "models", wanted)]


def releases(database: Database, wanted: StatisticsFilter) -> list[ReleaseRow]:
    """Images by the release that made their result, the newest release first."""
    return [ReleaseRow(**row) for row in _rows(database, "releases", wanted)]


def durations(database: Database, wanted: StatisticsFilter) -> DurationsRow:
    """The waiting, turnaround and processing times of images."""
    (row,) = _rows(database, "durations", wanted)
    return DurationsRow(**row)


def queue(database: Database, wanted: StatisticsFilter) -> list[QueueRow]:
    """Images that are queued or processed now, regardless of the time range."""
    return [QueueRow(**row) for row in _rows(database, "queue", wanted)]


def count_held(database: Database, wanted: StatisticsFilter) -> int:
    """The number of images that wait for review now."""
    (row,) = _rows(database, "held", wanted)
    return int(row["images"])


def decisions(database: Database, wanted: StatisticsFilter) -> list[DecisionsRow]:
    """Decisions by kind."""
    return [DecisionsRow(**row) for row in _rows(database, "decisions_by_kind", wanted)]


def quality(database: Database, wanted: StatisticsFilter) -> tuple[list[float], list[QualityRow]]:
    """The edges of the bins of face sizes, and the detector's quality by profile and bin."""
    (edges,) = _rows(database, "quality_edges", wanted)
    return edges["edges"], [QualityRow(**row) for row in _rows(database, "quality", wanted)]


def note_releases(database: Database, limit: int) -> int:
    """Note the release of results that an older release has made, of at most ``limit`` images. Return their number."""
    with database.transaction() as transaction:
        return len(transaction.all("note_releases", limit=limit))


def fold(database: Database) -> int:
    """Merge pending changes into the tallies, so that queries stay fast. Return the number of merged rows."""
    with database.transaction() as transaction:
        row = transaction.one("fold_tallies")
    return int(row["folded"]) if row else 0


def _rows(database: Database, name: str, wanted: StatisticsFilter, **more: Any) -> list[Row]:
    fields = {field: getattr(wanted, field) for field in StatisticsFilter.__slots__}
    labels = None if wanted.labels is None else Jsonb(dict(wanted.labels))
    with database.transaction() as transaction:
        return transaction.all(name, **{**fields, "labels": labels}, **more)

"""Figures over images, for whoever may see them: from tallies that every change of an image keeps true.

Times are of the submission, in whole hours; only `throughput` is by the hour in which images were settled first.
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
class Wanted:
    """Which images: submitted from the hour ``since`` up to the hour ``until``; a field of None does not restrict."""

    since: datetime
    until: datetime
    owner: str | None = None
    profile: str | None = None
    state: str | None = None
    labels: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PointRow:
    """Images of one state, submitted (or settled) in the hour or day that begins at ``start``."""

    start: datetime
    state: str
    images: int
    faces: int


@dataclass(frozen=True, slots=True)
class HistogramRow:
    """``counts`` has one more than ``edges``: bins are half-open, the outer two have no end."""

    edges: list[float]
    counts: list[int]


@dataclass(frozen=True, slots=True)
class FailureRow:
    """Images with an error code."""

    state: str
    error_code: str
    images: int


@dataclass(frozen=True, slots=True)
class ModelRow:
    """Images whose present result was made with a model under a profile."""

    name: str
    sha256: str
    profile: str
    images: int
    faces: int


@dataclass(frozen=True, slots=True)
class DurationsRow:
    """Sums of times, and how many images each is over."""

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
    """Images of a state that is not an end, and when the oldest was submitted."""

    state: str
    images: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class DecisionsRow:
    """Decisions of one kind and how long their results were held."""

    kind: str
    decisions: int
    mean_wait_minutes: float | None
    median_wait_minutes: float | None


@dataclass(frozen=True, slots=True)
class QualityRow:
    """What reviewers' decisions say of the detector under a profile, for one bin of face sizes."""

    profile: str
    bin: int
    images: int
    found: int
    missed: int
    mistaken: int


def timeline(database: Database, wanted: Wanted, bucket: Interval) -> list[PointRow]:
    """Images by the time of their submission and their present state."""
    return [PointRow(**row) for row in _rows(database, "timeline", wanted, bucket=bucket, clock="submitted")]


def throughput(database: Database, wanted: Wanted, bucket: Interval) -> list[PointRow]:
    """Images by the time at which they were settled for the first time, and their present state."""
    return [PointRow(**row) for row in _rows(database, "timeline", wanted, bucket=bucket, clock="settled")]


def histogram(database: Database, wanted: Wanted, figure: str) -> HistogramRow:
    """How a figure is distributed: ``figure`` is one that ``bin_edges`` knows."""
    (row,) = _rows(database, "histogram", wanted, figure=figure)
    return HistogramRow(row["edges"], row["counts"] or [0] * (len(row["edges"]) + 1))


def failures(database: Database, wanted: Wanted) -> list[FailureRow]:
    """Images by the code of what is wrong with them, the most frequent first."""
    return [FailureRow(**row) for row in _rows(database, "failures", wanted)]


def models(database: Database, wanted: Wanted) -> list[ModelRow]:
    """Images by the model of their result."""
    return [ModelRow(**row) for row in _rows(database, "models", wanted)]


def durations(database: Database, wanted: Wanted) -> DurationsRow:
    """How long images waited and were treated."""
    (row,) = _rows(database, "durations", wanted)
    return DurationsRow(**row)


def queue(database: Database, wanted: Wanted) -> list[QueueRow]:
    """What is queued and under way now, whenever it was submitted."""
    return [QueueRow(**row) for row in _rows(database, "queue", wanted)]


def count_held(database: Database, wanted: Wanted) -> int:
    """How many images wait for a reviewer now."""
    (row,) = _rows(database, "held", wanted)
    return int(row["images"])


def decisions(database: Database, wanted: Wanted) -> list[DecisionsRow]:
    """Decisions by kind."""
    return [DecisionsRow(**row) for row in _rows(database, "decisions_by_kind", wanted)]


def quality(database: Database, wanted: Wanted) -> tuple[list[float], list[QualityRow]]:
    """The edges of the bins of face sizes, and what is known of the detector by profile and bin."""
    (edges,) = _rows(database, "quality_edges", wanted)
    return edges["edges"], [QualityRow(**row) for row in _rows(database, "quality", wanted)]


def fold(database: Database) -> int:
    """Move what has changed into the tallies, so that asking stays fast; how many rows of changes there were."""
    with database.transaction() as transaction:
        row = transaction.one("fold_tallies")
    return int(row["folded"]) if row else 0


def _rows(database: Database, name: str, wanted: Wanted, **more: Any) -> list[Row]:
    fields = {field: getattr(wanted, field) for field in Wanted.__slots__}
    labels = None if wanted.labels is None else Jsonb(dict(wanted.labels))
    with database.transaction() as transaction:
        return transaction.all(name, **{**fields, "labels": labels}, **more)

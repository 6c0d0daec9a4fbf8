"""Statistics of the images that the caller can view, submitted in a time range that is widened to whole hours."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from api.dependencies import Ctx, Who
from api.http.filters import SelectedImages
from api.http.problems import ApiProblem
from api.statistics.quality import quality_view
from api.visibility import visible_owner
from blurline.contract import Statistics, Time
from blurline.contract.statistics import (
    ClassCount,
    ClassCounts,
    DecisionCount,
    Durations,
    Failure,
    Failures,
    FigureName,
    Histogram,
    Interval,
    MeanTime,
    Model,
    Models,
    Point,
    Quality,
    Queue,
    QueueLength,
    Release,
    Releases,
    ReviewLoad,
    Timeline,
)
from sql.jobs.job_queries import statistics as states_and_codes
from sql.statistics import statistics
from sql.statistics.statistics import StatisticsFilter

router = APIRouter(prefix="/v1/statistics", tags=["statistics"])

_DEFAULT_RANGE = timedelta(days=30)
_LONGEST_BY_HOUR = timedelta(days=93)
_HOUR = timedelta(hours=1)
_UNITS = {
    FigureName.FACES_PER_IMAGE: "faces",
    FigureName.FACE_SIZES: "px",
    FigureName.FACE_SHARES: "of the picture's longer side",
    FigureName.FACE_SCORES: "score",
    FigureName.CANDIDATE_SCORES: "score",
    FigureName.WAITS: "s",
    FigureName.TURNAROUNDS: "s",
    FigureName.PROCESSING_TIMES: "ms",
}


def _hours(given: SelectedImages) -> StatisticsFilter:
    try:
        since = _hour(given.since)
        until = _hour(given.until + _HOUR - datetime.resolution)
    except OverflowError as error:
        raise ApiProblem(
            "invalid_request",
            "The time range reaches beyond the supported dates. Choose a shorter one.",
        ) from error
    return StatisticsFilter(**asdict(given) | {"since": since, "until": until})


Asked = Annotated[StatisticsFilter, Depends(_hours)]


@router.get("")
def get_statistics(context: Ctx, who: Who, since: Time | None = None, until: Time | None = None) -> list[Statistics]:
    """Count images by state and error code. The time range of their submission defaults to the last 30 days."""
    until = until or datetime.now(UTC)
    if since is None:
        since = max(until, datetime.min.replace(tzinfo=until.tzinfo) + _DEFAULT_RANGE) - _DEFAULT_RANGE
    rows = states_and_codes(context.database, visible_owner(who), since, until)
    return [Statistics(**asdict(row)) for row in rows]


@router.get("/timeline")
def get_timeline(context: Ctx, wanted: Asked, bucket: Interval = Interval.DAY) -> Timeline:
    """Count images and faces by time of submission and current state. By hour for at most 93 days."""
    _check_steps(wanted, bucket)
    points = statistics.timeline(context.database, wanted, bucket.value)
    return Timeline(**_range(wanted), bucket=bucket, points=[Point(**asdict(point)) for point in points])


@router.get("/throughput")
def get_throughput(context: Ctx, wanted: Asked, bucket: Interval = Interval.DAY) -> Timeline:
    """Count images and faces by the time at which images first finished; the time range refers to that time too.
    Re-runs do not count. By hour for at most 93 days."""
    _check_steps(wanted, bucket)
    points = statistics.throughput(context.database, wanted, bucket.value)
    return Timeline(**_range(wanted), bucket=bucket, points=[Point(**asdict(point)) for point in points])


@router.get("/histograms/{figure}")
def get_histogram(context: Ctx, wanted: Asked, figure: FigureName) -> Histogram:
    """Return the distribution of a figure over images, or over the boxes of their current results."""
    row = statistics.histogram(context.database, wanted, figure)
    return Histogram(**_range(wanted), figure=figure, unit=_UNITS[figure], **asdict(row))


@router.get("/failures")
def get_failures(context: Ctx, wanted: Asked) -> Failures:
    """Count images that failed or wait at the review gate, by error code."""
    rows = statistics.failures(context.database, wanted)
    return Failures(**_range(wanted), failures=[Failure(**asdict(row)) for row in rows])


@router.get("/classes")
def get_class_counts(context: Ctx, wanted: Asked) -> ClassCounts:
    """Count destroyed objects by class: faces, and what an operator's detectors find."""
    rows = statistics.classes(context.database, wanted)
    return ClassCounts(**_range(wanted), classes=[ClassCount(**asdict(row)) for row in rows])


@router.get("/models")
def get_models(context: Ctx, wanted: Asked) -> Models:
    """Count images by the model and profile of their current result."""
    rows = statistics.models(context.database, wanted)
    return Models(**_range(wanted), models=[Model(**asdict(row)) for row in rows])


@router.get("/releases")
def get_releases(context: Ctx, wanted: Asked) -> Releases:
    """Count images by the Blurline release that made their current result."""
    rows = statistics.releases(context.database, wanted)
    return Releases(**_range(wanted), releases=[Release(**asdict(row)) for row in rows])


@router.get("/durations")
def get_durations(context: Ctx, wanted: Asked) -> Durations:
    """Return mean times: waiting, turnaround, processing, and processing by stage."""
    row = statistics.durations(context.database, wanted)
    stage_us = row.stage_us or [0] * len(row.stages)
    return Durations(
        **_range(wanted),
        wait=_mean(row.wait_us, row.started),
        turnaround=_mean(row.turnaround_us, row.settled),
        processing=_mean(row.processing_us, row.treated),
        stages={stage: _mean(us, row.staged) for stage, us in zip(row.stages, stage_us, strict=True)},
    )


@router.get("/queue")
def get_queue(context: Ctx, wanted: Asked) -> Queue:
    """Count images that are waiting or being processed now. Ignores the time range, the model and the release."""
    rows = statistics.queue(context.database, wanted)
    lengths = {row.state: QueueLength(images=row.images, oldest_at=row.oldest_at) for row in rows}
    return Queue(at=datetime.now(UTC), **lengths)


@router.get("/review")
def get_review_load(context: Ctx, wanted: Asked) -> ReviewLoad:
    """Count images at the review gate, and decisions by kind with how long their results waited. Ignores `state`."""
    rows = statistics.decisions(context.database, wanted)
    held = statistics.count_held(context.database, wanted)
    return ReviewLoad(**_range(wanted), held=held, decisions=[DecisionCount(**asdict(row)) for row in rows])


@router.get("/quality")
def get_quality(context: Ctx, wanted: Asked) -> Quality:
    """Return the detector's recall and precision, estimated from reviewers' decisions. Ignores `state`."""
    edges_px, rows = statistics.quality(context.database, wanted)
    return quality_view(wanted.since, wanted.until, edges_px, rows)


def _range(wanted: StatisticsFilter) -> dict[str, Any]:
    return {"since": wanted.since, "until": wanted.until}


def _hour(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _check_steps(wanted: StatisticsFilter, bucket: Interval) -> None:
    if bucket is Interval.HOUR and wanted.until - wanted.since > _LONGEST_BY_HOUR:
        raise ApiProblem(
            "invalid_request", f"A timeline by hour covers at most {_LONGEST_BY_HOUR.days} days. Use bucket=day."
        )


def _mean(total_us: int, images: int) -> MeanTime:
    return MeanTime(mean_s=total_us / images / 1e6 if images else None, images=images)

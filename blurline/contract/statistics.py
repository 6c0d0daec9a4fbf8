"""Statistics over images, as the API and its clients exchange them. An answer's range is in whole hours."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from blurline.contract.base import ImageState, with_examples
from blurline.detected_class import ClassName
from blurline.wilson import wilson

_RANGE: dict[str, Any] = {"since": "2026-11-01T00:00:00Z", "until": "2026-11-26T00:00:00Z"}


class Statistics(BaseModel):
    """Images of one state and error code, and the faces found in them. Missed faces are not counted."""

    model_config = with_examples(
        {"state": "published", "error_code": None, "images": 120, "faces": 318, "mean_processing_ms": 640.2}
    )
    state: str
    error_code: str | None
    images: int
    faces: int
    mean_processing_ms: float


class Interval(StrEnum):
    """The length of a timeline's steps."""

    HOUR = "hour"
    DAY = "day"


class FigureName(StrEnum):
    """What a histogram counts: images by faces and times, or boxes of their results by size and score."""

    FACES_PER_IMAGE = "faces_per_image"
    FACE_SIZES = "face_sizes"
    FACE_SHARES = "face_shares"
    FACE_SCORES = "face_scores"
    CANDIDATE_SCORES = "candidate_scores"
    WAITS = "waits"
    TURNAROUNDS = "turnarounds"
    PROCESSING_TIMES = "processing_times"


class OverTime(BaseModel):
    """The time range of an answer: ``since`` and ``until`` of the request, widened to whole hours."""

    since: datetime
    until: datetime


class Point(BaseModel):
    """Images of one state in the hour or day that begins at `start`, and the faces in their results."""

    start: datetime
    state: ImageState
    images: int
    faces: int


class Timeline(OverTime):
    """Images over time. Steps without images are left out."""

    model_config = with_examples(
        _RANGE
        | {
            "bucket": "day",
            "points": [{"start": "2026-11-24T00:00:00Z", "state": "published", "images": 120, "faces": 318}],
        }
    )
    bucket: Interval
    points: list[Point]


class Histogram(OverTime):
    """`counts` has one more entry than `edges`. Bins are half-open: the first lies below the first edge, the last
    starts at the last edge."""

    model_config = with_examples(
        _RANGE | {"figure": "faces_per_image", "unit": "faces", "edges": [1, 2, 3], "counts": [10, 40, 20, 8]}
    )
    figure: FigureName
    unit: str
    edges: list[float]
    counts: list[int]


class Failure(BaseModel):
    """Images that failed or need review, by error code."""

    state: ImageState
    error_code: str
    images: int


class Failures(OverTime):
    """Images by error code, most frequent first."""

    model_config = with_examples(
        _RANGE | {"failures": [{"state": "failed", "error_code": "unreadable_picture", "images": 3}]}
    )
    failures: list[Failure]


class Model(BaseModel):
    """Images whose present result was made with one model and profile."""

    name: str
    sha256: str
    profile: str
    images: int
    faces: int


class Models(OverTime):
    """Images by model."""

    model_config = with_examples(
        _RANGE
        | {"models": [{"name": "centerface", "sha256": "0918", "profile": "standard", "images": 120, "faces": 318}]}
    )
    models: list[Model]


class Release(BaseModel):
    """Images whose present result was made by one Blurline release."""

    made_by_version: str
    images: int
    faces: int


class Releases(OverTime):
    """Images by release, the newest first."""

    model_config = with_examples(_RANGE | {"releases": [{"made_by_version": "0.2.0", "images": 120, "faces": 318}]})
    releases: list[Release]


class ClassCount(BaseModel):
    """The images with destroyed objects of a class, and the number of these objects."""

    class_name: ClassName
    images: int
    objects: int


class ClassCounts(OverTime):
    """Destroyed objects by class, faces first."""

    model_config = with_examples(
        _RANGE
        | {
            "classes": [
                {"class_name": "face", "images": 97, "objects": 318},
                {"class_name": "plate", "images": 12, "objects": 31},
            ]
        }
    )
    classes: list[ClassCount]


class MeanTime(BaseModel):
    """A mean over `images` images; null when there are none."""

    mean_s: float | None
    images: int


class Durations(OverTime):
    """Mean times of images: from submission to the first start, from submission to the first end, and of processing
    for the present result, in total and by stage."""

    model_config = with_examples(
        _RANGE
        | {
            "wait": {"mean_s": 1.2, "images": 120},
            "turnaround": {"mean_s": 2.9, "images": 120},
            "processing": {"mean_s": 0.64, "images": 118},
            "stages": {"detect": {"mean_s": 0.31, "images": 118}},
        }
    )
    wait: MeanTime
    turnaround: MeanTime
    processing: MeanTime
    stages: dict[str, MeanTime]


class QueueLength(BaseModel):
    """The number of images, and when the oldest was submitted."""

    images: int
    oldest_at: datetime | None


class Queue(BaseModel):
    """Images that are queued or processing now. Re-runs do not count: their images keep the state they had."""

    model_config = with_examples(
        {
            "at": "2026-11-25T14:16:01Z",
            "queued": {"images": 40, "oldest_at": "2026-11-25T14:15:58Z"},
            "processing": {"images": 24, "oldest_at": "2026-11-25T14:15:50Z"},
        }
    )
    at: datetime
    queued: QueueLength
    processing: QueueLength


class DecisionCount(BaseModel):
    """Decisions of one kind. Waits are from the end of the attempt to the decision."""

    kind: str
    decisions: int
    mean_wait_minutes: float | None
    median_wait_minutes: float | None


class ReviewLoad(OverTime):
    """Images that wait for a reviewer now, and every decision on the images of the range."""

    model_config = with_examples(
        _RANGE
        | {
            "held": 12,
            "decisions": [
                {"kind": "approved", "decisions": 80, "mean_wait_minutes": 34.0, "median_wait_minutes": 12.0}
            ],
        }
    )
    held: int
    decisions: list[DecisionCount]


class Proportion(BaseModel):
    """A share of ``of`` boxes or faces, with its 95 % confidence interval (Wilson). Null when ``of`` is 0."""

    share: float | None
    low: float
    high: float
    of: int

    @classmethod
    def counted(cls, hits: int, trials: int) -> Proportion:
        """The proportion of ``hits`` in ``trials``."""
        low, high = wilson(hits, trials)
        return cls(share=hits / trials if trials else None, low=low, high=high, of=trials)


class DetectorQuality(BaseModel):
    """Faces found and missed and boxes that are no face, with recall and precision."""

    found: int
    missed: int
    mistaken: int
    recall: Proportion
    precision: Proportion

    @classmethod
    def counted(cls, found: int, missed: int, mistaken: int) -> DetectorQuality:
        """Recall and precision of these counts."""
        recall, precision = (
            Proportion.counted(found, found + missed),
            Proportion.counted(found, found + mistaken),
        )
        return cls(found=found, missed=missed, mistaken=mistaken, recall=recall, precision=precision)


class SizeQuality(DetectorQuality):
    """Quality for faces whose longer side is at least ``from_px`` and below ``to_px`` (null: no upper limit)."""

    from_px: float
    to_px: float | None


class ProfileQuality(DetectorQuality):
    """Quality of one profile over ``images`` reviewed images."""

    profile: str
    images: int


_COUNTS: dict[str, Any] = DetectorQuality.counted(90, 10, 5).model_dump()


class Quality(OverTime):
    """Quality of the detector, from reviewers' decisions. It covers reviewed images only, which are seldom a fair
    sample of all."""

    model_config = with_examples(
        _RANGE
        | {
            "images": 40,
            "overall": _COUNTS,
            "by_size": [_COUNTS | {"from_px": 0, "to_px": 16}],
            "by_profile": [_COUNTS | {"profile": "standard", "images": 40}],
        }
    )
    images: int = Field(description="Number of reviewed images.")
    overall: DetectorQuality
    by_size: list[SizeQuality]
    by_profile: list[ProfileQuality]

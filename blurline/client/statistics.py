"""Statistics over the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from blurline.client.transport import Transport
from blurline.contract import ImageState
from blurline.contract.statistics import (
    ClassCounts,
    Durations,
    Failures,
    FigureName,
    Histogram,
    Interval,
    Models,
    Quality,
    Queue,
    Releases,
    ReviewLoad,
    Statistics,
    Timeline,
)
from blurline.policy.profile import ProfileName

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Images submitted from ``since`` up to ``until`` (the last 30 days when absent). None does not filter."""

    since: datetime | None = None
    until: datetime | None = None
    owner: str | None = None
    profile: ProfileName | None = None
    state: ImageState | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    model_sha256: str | None = None
    made_by_version: str | None = None

    def parameters(self) -> dict[str, Any]:
        """The query parameters of the filter."""
        times = {"since": self.since and self.since.isoformat(), "until": self.until and self.until.isoformat()}
        words = {"owner": self.owner, "profile": self.profile, "state": self.state}
        words |= {"model_sha256": self.model_sha256, "made_by_version": self.made_by_version}
        labels = [f"{name}:{value}" for name, value in self.labels.items()]
        return {name: value for name, value in {**times, **words, "label": labels}.items() if value}


ALL = Chosen()


class StatisticsClient:
    """Statistics over the images that the caller can view."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __call__(self, since: datetime | None = None, until: datetime | None = None) -> list[Statistics]:
        """Images by state and error code, submitted in a time range, the last 30 days when absent."""
        return self._transport.ask(list[Statistics], "GET", "/v1/statistics", params=Chosen(since, until).parameters())

    def timeline(self, chosen: Chosen = ALL, bucket: Interval = Interval.DAY) -> Timeline:
        """Images and faces by the time of submission."""
        return self._ask(Timeline, "timeline", chosen, bucket=bucket)

    def throughput(self, chosen: Chosen = ALL, bucket: Interval = Interval.DAY) -> Timeline:
        """Images and faces by the time at which processing first ended."""
        return self._ask(Timeline, "throughput", chosen, bucket=bucket)

    def histogram(self, figure: FigureName, chosen: Chosen = ALL) -> Histogram:
        """The distribution of a figure."""
        return self._ask(Histogram, f"histograms/{figure}", chosen)

    def failures(self, chosen: Chosen = ALL) -> Failures:
        """Images that failed or need review, by error code."""
        return self._ask(Failures, "failures", chosen)

    def classes(self, chosen: Chosen = ALL) -> ClassCounts:
        """Destroyed objects by class."""
        return self._ask(ClassCounts, "classes", chosen)

    def models(self, chosen: Chosen = ALL) -> Models:
        """Images by model and profile."""
        return self._ask(Models, "models", chosen)

    def releases(self, chosen: Chosen = ALL) -> Releases:
        """Images by the release that made their result."""
        return self._ask(Releases, "releases", chosen)

    def durations(self, chosen: Chosen = ALL) -> Durations:
        """Mean times from submission to start and end, and of processing by stage."""
        return self._ask(Durations, "durations", chosen)

    def queue(self, chosen: Chosen = ALL) -> Queue:
        """Images that are queued or processing now."""
        return self._ask(Queue, "queue", chosen)

    def review_load(self, chosen: Chosen = ALL) -> ReviewLoad:
        """Images that wait for a reviewer, and the decisions made."""
        return self._ask(ReviewLoad, "review", chosen)

    def quality(self, chosen: Chosen = ALL) -> Quality:
        """Recall and precision of the detector, from reviewers' decisions."""
        return self._ask(Quality, "quality", chosen)

    def _ask(self, kind: type[T], name: str, chosen: Chosen, **more: Any) -> T:
        return self._transport.ask(kind, "GET", f"/v1/statistics/{name}", params={**chosen.parameters(), **more})

"""The part of the client that is about statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from blurline.client.transport import Transport
from blurline.contract import ImageState
from blurline.contract.statistics import (
    Bucket,
    Durations,
    Failures,
    FigureName,
    Histogram,
    Models,
    Quality,
    Queue,
    ReviewLoad,
    Timeline,
)
from blurline.policy.profile import ProfileName

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which images: submitted from ``since`` up to ``until`` (the last 30 days when absent). None does not restrict."""

    since: datetime | None = None
    until: datetime | None = None
    owner: str | None = None
    profile: ProfileName | None = None
    state: ImageState | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def parameters(self) -> dict[str, Any]:
        """As the API takes them."""
        times = {"since": self.since and self.since.isoformat(), "until": self.until and self.until.isoformat()}
        words = {"owner": self.owner, "profile": self.profile, "state": self.state}
        labels = [f"{name}:{value}" for name, value in self.labels.items()]
        return {name: value for name, value in {**times, **words, "label": labels}.items() if value}


ALL = Chosen()


class FiguresClient:
    """Figures over the images that one may see."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def timeline(self, chosen: Chosen = ALL, bucket: Bucket = Bucket.DAY) -> Timeline:
        """Images and faces by the time of submission."""
        return self._ask(Timeline, "timeline", chosen, bucket=bucket)

    def throughput(self, chosen: Chosen = ALL, bucket: Bucket = Bucket.DAY) -> Timeline:
        """Images and faces by the time at which images first came to an end."""
        return self._ask(Timeline, "throughput", chosen, bucket=bucket)

    def histogram(self, figure: FigureName, chosen: Chosen = ALL) -> Histogram:
        """How a figure is distributed."""
        return self._ask(Histogram, f"histograms/{figure}", chosen)

    def failures(self, chosen: Chosen = ALL) -> Failures:
        """Images that failed or are held, by error code."""
        return self._ask(Failures, "failures", chosen)

    def models(self, chosen: Chosen = ALL) -> Models:
        """Images by model and profile."""
        return self._ask(Models, "models", chosen)

    def durations(self, chosen: Chosen = ALL) -> Durations:
        """Mean times."""
        return self._ask(Durations, "durations", chosen)

    def queue(self, chosen: Chosen = ALL) -> Queue:
        """What waits and what is under way now."""
        return self._ask(Queue, "queue", chosen)

    def review_load(self, chosen: Chosen = ALL) -> ReviewLoad:
        """What reviewers have to do, and what they have done."""
        return self._ask(ReviewLoad, "review", chosen)

    def quality(self, chosen: Chosen = ALL) -> Quality:
        """Recall and precision of the detector, from reviewers' decisions."""
        return self._ask(Quality, "quality", chosen)

    def _ask(self, kind: type[T], name: str, chosen: Chosen, **more: Any) -> T:
        return self._transport.ask(kind, "GET", f"/v1/statistics/{name}", params={**chosen.parameters(), **more})

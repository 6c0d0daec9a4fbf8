"""Figures of the flow runs: every child reports its totals with every run, and the worker shows their sum.

So neither files nor a port a child are needed, and a child that has ended still counts. What is lost is the run with
which a child dies.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Mapping

from prometheus_client import Metric
from prometheus_client.registry import Collector

from blurline.observability.metrics import RUNS

Sample = tuple[str, tuple[tuple[str, str], ...]]
Totals = dict[str, dict[Sample, float]]
"""Values by metric and then by sample: its name and labels."""


def totals() -> Totals:
    """What this process has counted since it began."""
    return {
        metric.name: {(sample.name, tuple(sample.labels.items())): sample.value for sample in metric.samples}
        for metric in RUNS.collect()
    }


class ChildFigures(Collector):
    """The metrics of `RUNS`, summed over children past and present. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_living: dict[Hashable, Totals] = {}
        self._of_ended: Totals = {}

    def report(self, child: Hashable, totals: Totals) -> None:
        """Take the place of what the child reported before."""
        with self._lock:
            self._of_living[child] = totals

    def end(self, child: Hashable) -> None:
        """Keep what the child reported last: its process has ended, and the next one begins at nothing."""
        with self._lock:
            for name, samples in self._of_living.pop(child, {}).items():
                _add(self._of_ended.setdefault(name, {}), samples)

    def collect(self) -> Iterable[Metric]:
        """The metrics as Prometheus is to see them."""
        with self._lock:
            sources = [totals(), self._of_ended, *self._of_living.values()]
            return [_summed(metric, [source.get(metric.name, {}) for source in sources]) for metric in RUNS.collect()]


def _summed(metric: Metric, sources: Iterable[dict[Sample, float]]) -> Metric:
    sums: dict[Sample, float] = {}
    for samples in sources:
        _add(sums, samples)
    shown = Metric(metric.name, metric.documentation, metric.type)
    for (name, labels), value in sums.items():
        shown.add_sample(name, dict(labels), value)
    return shown


def _add(sums: dict[Sample, float], samples: Mapping[Sample, float]) -> None:
    for sample, value in samples.items():
        sums[sample] = sums.get(sample, 0) + value

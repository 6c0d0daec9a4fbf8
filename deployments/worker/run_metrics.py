"""Metrics of the flow runs: every worker process reports its totals with each run, and the worker exports their sum.

This needs neither files nor a port per process, and ended processes still count. Only the metrics of a run in which a
process dies are lost.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Mapping

from prometheus_client import Metric
from prometheus_client.registry import Collector

from blurline.observability.metrics import RUNS

Sample = tuple[str, tuple[tuple[str, str], ...]]
Totals = dict[str, dict[Sample, float]]
"""Values by metric, then by sample (name and labels)."""


def totals() -> Totals:
    """The counts of this process since it began."""
    return {
        metric.name: {(sample.name, tuple(sample.labels.items())): sample.value for sample in metric.samples}
        for metric in RUNS.collect()
    }


class RunMetrics(Collector):
    """The metrics of `RUNS`, summed over running and ended processes. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_living: dict[Hashable, Totals] = {}
        self._of_ended: Totals = {}

    def report(self, process: Hashable, totals: Totals) -> None:
        """Replace the process's last report."""
        with self._lock:
            self._of_living[process] = totals

    def end(self, process: Hashable) -> None:
        """Keep the last report of a process that has ended; its successor starts at zero."""
        with self._lock:
            for name, samples in self._of_living.pop(process, {}).items():
                _add(self._of_ended.setdefault(name, {}), samples)

    def collect(self) -> Iterable[Metric]:
        """The metrics for Prometheus."""
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

"""Scores detections against labels: matching, the precision-recall curve, and figures from it.

A detection is right if its IoU with a face that no better detection has matched is at least `MATCH_IOU`. A detection on
an ignored area does not count. Labels are never complete, so precision is a lower bound. Confidence intervals are
bootstrapped over pictures (Efron, 1979), because the faces of one picture are not independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blurline.faces import Faces
from blurline.picture.destroy import destroyed_share
from models.evaluation.truth import Boxes, Labelled
from models.merge import iou

MATCH_IOU = 0.4
_IGNORE_IOU = 0.3
BUCKETS_PX = ((0.0, 16.0), (16.0, 32.0), (32.0, 96.0), (96.0, float("inf")))
"""Limits of the size classes for recall; a face's size is the square root of its box's area."""

_RESAMPLES = 1000
_COVERED = 0.95
_UNCOVERED = 0.5
_DOUBT_BINS = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Match:
    """The detections of one picture, matched with its faces.

    ``score``, ``is_right``: one value for each detection that counts. ``hit``: for each face, the score of the
    detection that found it, or -1. ``coverage``: for each face, the destroyed share of its box.
    """

    score: NDArray[np.float64]
    is_right: NDArray[np.bool_]
    hit: NDArray[np.float64]
    size_px: NDArray[np.float64]
    coverage: NDArray[np.float64]


def match(found: Faces, labelled: Labelled, threshold: float, padding: float) -> Match:
    """Match a picture's (n, 5) rows with its labels; rows from ``threshold`` up are destroyed with ``padding``."""
    rows = found[np.argsort(-found[:, 4], kind="stable")].astype(np.float64)
    hit, is_right, counts = pair(rows, labelled)
    destroyed = rows[rows[:, 4] >= threshold, :4]
    coverage = destroyed_share(labelled.faces, destroyed, padding)
    return Match(rows[counts, 4], is_right[counts], hit, sizes_px(labelled.faces), coverage)


def pair(
    rows: NDArray[np.float64], labelled: Labelled
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """For rows, best first, return each face's score (-1 if missed), which rows are right, and which count."""
    with_faces, with_ignored = iou(rows[:, :4], labelled.faces), iou(rows[:, :4], labelled.ignored)
    hit = np.full(len(labelled.faces), -1.0)
    is_right = np.zeros(len(rows), bool)
    for row in range(len(rows)):
        still_open = np.where(hit < 0, with_faces[row], 0)
        if still_open.max(initial=0) >= MATCH_IOU:
            hit[still_open.argmax()] = rows[row, 4]
            is_right[row] = True
    return hit, is_right, is_right | (with_ignored.max(axis=1, initial=0) < _IGNORE_IOU)


def sizes_px(boxes: Boxes) -> NDArray[np.float64]:
    """The square root of the area of each of the (n, 4) boxes."""
    return np.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision and recall from the highest score down; arrays with one value per detection."""

    score: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]

    def recall_at(self, precision: float) -> float:
        """The highest recall at which the precision is at least ``precision``."""
        reached = np.nonzero(self.precision >= precision)[0]
        return float(self.recall[reached[-1]]) if len(reached) else 0.0

    @property
    def average_precision(self) -> float:
        """The area under the curve's envelope."""
        envelope = np.maximum.accumulate(self.precision[::-1])[::-1]
        return float(np.sum(np.diff(self.recall, prepend=0) * envelope))


class SetScore:
    """The scores of all pictures of a set."""

    def __init__(self, matches: Sequence[Match], doubts: Sequence[float], threshold: float, max_doubt: float) -> None:
        self.threshold = threshold
        self._doubts = np.array(doubts)
        self._is_held = self._doubts >= max_doubt
        self._shows_a_face = np.array([bool((each.coverage < _UNCOVERED).any()) for each in matches])
        self.pictures = len(matches)
        self._score = _joined([each.score for each in matches])
        self._is_right = _joined([each.is_right for each in matches])
        self._hit = _joined([each.hit for each in matches])
        self._size_px = _joined([each.size_px for each in matches])
        self._coverage = _joined([each.coverage for each in matches])
        self._order = np.argsort(-self._score, kind="stable")
        self._picture_of_row = np.repeat(np.arange(len(matches)), [len(each.score) for each in matches])[self._order]
        self._picture_of_face = np.repeat(np.arange(len(matches)), [len(each.hit) for each in matches])

    @property
    def faces(self) -> int:
        """The number of labelled faces."""
        return len(self._hit)

    def curve(self, times: NDArray[np.float64] | None = None) -> Curve:
        """The curve, with each picture counted ``times`` times (default: once)."""
        counted = np.ones(self.pictures) if times is None else times
        weight = counted[self._picture_of_row]
        right = np.cumsum(weight * self._is_right[self._order])
        precision = right / np.maximum(np.cumsum(weight), 1e-9)
        return Curve(
            self._score[self._order], precision, right / max(float(counted[self._picture_of_face].sum()), 1e-9)
        )

    def report(self) -> dict[str, Any]:
        """All figures; estimates have a 95 % confidence interval."""
        figures = self._figures(np.ones(self.pictures))
        random = np.random.default_rng(0)
        drawn = [
            self._figures(np.bincount(random.integers(0, self.pictures, self.pictures), minlength=self.pictures))
            for _ in range(_RESAMPLES)
        ]
        report: dict[str, Any] = {"pictures": self.pictures, "faces": self.faces, "threshold": self.threshold}
        for name, value in figures.items():
            known = [each[name] for each in drawn if not np.isnan(each[name])]
            if known:
                low, high = np.percentile(known, [2.5, 97.5])
                report[name] = {"value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4)}
        return report

    def reliability(self) -> list[dict[str, float]]:
        """How well the doubt predicts a visible face: a row for each range of doubt in which there are pictures.

        A doubt that predicts well has a mean close to the share of pictures in which a labelled face stays visible.
        """
        rows = []
        for low, high in pairwise(_DOUBT_BINS):
            inside = (self._doubts >= low) & ((self._doubts < high) | (high == _DOUBT_BINS[-1]))
            if inside.any():
                rows.append(
                    {
                        "from": low,
                        "to": high,
                        "pictures": int(inside.sum()),
                        "mean_doubt": round(float(self._doubts[inside].mean()), 4),
                        "with_a_visible_face": round(float(self._shows_a_face[inside].mean()), 4),
                    }
                )
        return rows

    def _figures(self, times: NDArray[Any]) -> dict[str, float]:
        curve = self.curve(times)
        kept = self._score[self._order] >= self.threshold
        weight = times[self._picture_of_row][kept]
        figures = {
            "recall_at_precision_0.80": curve.recall_at(0.8),
            "recall_at_precision_0.90": curve.recall_at(0.9),
            "average_precision": curve.average_precision,
            "precision": _mean(self._is_right[self._order][kept], weight),
        }
        figures["pictures_in_doubt"] = _mean(self._is_held, times)
        figures["pictures_with_a_visible_face"] = _mean(self._shows_a_face, times)
        figures["of_these_in_doubt"] = _mean(self._is_held[self._shows_a_face], times[self._shows_a_face])
        per_face = times[self._picture_of_face].astype(float)
        for name, inside in self._buckets().items():
            figures[f"recall{name}"] = _mean(self._hit[inside] >= self.threshold, per_face[inside])
            figures[f"coverage{name}"] = _mean(self._coverage[inside], per_face[inside])
            figures[f"covered{name}"] = _mean(self._coverage[inside] >= _COVERED, per_face[inside])
        return figures

    def _buckets(self) -> dict[str, NDArray[np.bool_]]:
        buckets = {"": np.ones(self.faces, bool)}
        for low, high in BUCKETS_PX:
            inside = (self._size_px >= low) & (self._size_px < high)
            if inside.any():
                buckets[f"_{low:.0f}-{high:.0f}px" if np.isfinite(high) else f"_{low:.0f}px-"] = inside
        return buckets


def _mean(values: NDArray[Any], weight: NDArray[Any]) -> float:
    total = float(weight.sum())
    return float((values * weight).sum()) / total if total else float("nan")


def _joined(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.zeros(0)

"""Runs a detection plan over labelled pictures, and measures detections and time."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from blurline.errors import OutputCheckFailed
from blurline.faces import Faces
from blurline.picture.decode import open_photo
from blurline.picture.malloc_tuning import tune_malloc
from blurline.policy import Policy
from blurline.settings import Settings
from models.anonymize import render_detections
from models.detection_plan import plan_for
from models.evaluation.scoring import Curve, Match, SetScore, match
from models.evaluation.truth import Labelled
from models.loading import vendored_detector

_BASELINE_SIDE_PX = 640


@dataclass(frozen=True, slots=True)
class Variant:
    """One column of the report: a name, a policy with its profile, and settings with the model."""

    name: str
    policy: Policy
    settings: Settings


@dataclass(frozen=True, slots=True)
class PictureMeasurement:
    """The measurement of one picture: (n, 5) rows in upright pixels, milliseconds of detection, the doubt of the result
    (1 where it did not pass its check), and milliseconds of the baseline."""

    faces: Faces
    look_ms: float
    doubt: float
    baseline_ms: float


@dataclass(frozen=True, slots=True)
class SetMeasurement:
    """A variant's detections in a whole set, and the figures from them."""

    variant: Variant
    outcomes: list[PictureMeasurement]
    matches: list[Match]
    curve: Curve
    report: dict[str, Any]


def measure(variant: Variant, labelled: Sequence[Labelled], jobs: int | None = None) -> SetMeasurement:
    """Run one variant on every picture and score its detections.

    Latency covers detection only (resizing, onnxruntime, merging), single-threaded, with ``jobs`` pictures at a time
    (default: one per core). The baseline is one run of CenterFace at 640 x 640 in the same processes.
    """
    treat = partial(_treat, variant=variant)
    processes = min(jobs or os.cpu_count() or 1, len(labelled))
    if processes == 1:
        outcomes = [treat(each) for each in labelled]
    else:
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
            outcomes = list(pool.map(treat, labelled, chunksize=4))
    plan = plan_for(variant.policy, variant.settings)
    matches = [
        match(each.faces, picture, plan.threshold, variant.policy.padding)
        for each, picture in zip(outcomes, labelled, strict=True)
    ]
    scored = SetScore(matches, [each.doubt for each in outcomes], plan.threshold, variant.policy.max_doubt)
    times_ms = [each.look_ms for each in outcomes]
    baseline_ms = float(np.median([each.baseline_ms for each in outcomes]))
    report = {
        "name": variant.name,
        "model": plan.record,
        **scored.report(),
        "doubt_reliability": scored.reliability(),
        "look_ms": {name: round(float(np.percentile(times_ms, at)), 1) for name, at in (("p50", 50), ("p95", 95))},
        "one_centerface_run_at_640_ms": round(baseline_ms, 1),
        "look_over_one_run": round(float(np.median(times_ms)) / baseline_ms, 2),
        "pictures_at_a_time": processes,
    }
    return SetMeasurement(variant, outcomes, matches, scored.curve(), report)


def _treat(picture: Labelled, variant: Variant) -> PictureMeasurement:
    tune_malloc()
    policy, settings = variant.policy, variant.settings
    plan = plan_for(policy, settings)
    photo = open_photo(picture.path.read_bytes(), settings.pictures.limits)
    photo = replace(photo, frames=photo.frames[:1])
    started = time.perf_counter()
    found = plan.detect(photo.frames[0])
    look_ms = (time.perf_counter() - started) * 1000
    try:
        doubt = render_detections(photo, [found], plan, policy, settings).result.doubt.value
    except OutputCheckFailed:
        doubt = 1.0
    return PictureMeasurement(found.rows, look_ms, doubt, _baseline_ms())


def _baseline_ms() -> float:
    detector = vendored_detector("centerface")
    black = np.zeros((_BASELINE_SIDE_PX, _BASELINE_SIDE_PX, 3), np.uint8)
    started = time.perf_counter()
    detector.run(black)
    return (time.perf_counter() - started) * 1000

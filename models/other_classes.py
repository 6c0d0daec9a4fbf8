"""Other classes than faces: the detectors of BLURLINE_DETECTORS, which run beside the face detector.

Each class has a detection plan of its own, so that boxes of different classes are never merged with each other. The
plans of one detector share its inputs and runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from blurline.errors import DetectorMissing
from blurline.faces import Faces
from blurline.picture.photo import Frame
from blurline.settings import Settings
from models.detector import Detector
from models.loading import further_detector

if TYPE_CHECKING:
    from models.detection_plan import Candidates, DetectionPlan


@dataclass(frozen=True, slots=True)
class ClassRows:
    """The merged detections of one class in a frame, (n, 5) in upright pixels, best first, and the score from which a
    row is an object of the class."""

    rows: Faces
    threshold: float


@dataclass(frozen=True, slots=True)
class OtherClasses:
    """The detection plan of each class beside faces, by name, and the name of the detector of each."""

    plans: Mapping[str, DetectionPlan]
    detectors: Mapping[str, str]

    @property
    def record(self) -> list[dict[str, Any]]:
        """The identity of each detector and its classes, recorded on every image of these plans."""
        return [
            {"detector": detector, "classes": list(plans), **_identity(next(iter(plans.values())))}
            for detector, plans in self._by_detector().items()
        ]

    def candidates(self, frame: Frame) -> dict[str, Candidates]:
        """Run every plan on a frame."""
        found: dict[str, Candidates] = {}
        for plans in self._by_detector().values():
            inputs = next(iter(plans.values())).inputs(frame)
            try:
                found |= {name: plan.candidates(frame, inputs) for name, plan in plans.items()}
            finally:
                for plan in plans.values():
                    if isinstance(plan.detector, SharedRuns):
                        plan.detector.forget()
        return found

    def merge(self, candidates: Mapping[str, Candidates]) -> dict[str, ClassRows]:
        """Merge the detections of each class."""
        return {name: ClassRows(plan.merge(candidates[name]).rows, plan.threshold) for name, plan in self.plans.items()}

    def _by_detector(self) -> dict[str, dict[str, DetectionPlan]]:
        """The plans of each detector, by class."""
        plans: dict[str, dict[str, DetectionPlan]] = {}
        for name, plan in self.plans.items():
            plans.setdefault(self.detectors[name], {})[name] = plan
        return plans


NO_OTHERS = OtherClasses({}, {})


def other_classes(
    names: Collection[str],
    settings: Settings,
    plan_of: Callable[[Detector, float, tuple[int, ...]], DetectionPlan],
) -> OtherClasses:
    """Return the plans of the classes ``names``. ``plan_of`` makes each from a detector, its threshold and the class's
    numbers.

    Raises DetectorMissing when no detector finds a class, ModelRejected and ConfigurationError when one cannot be used.
    """
    known = settings.detector.other_classes
    missing = sorted(set(names).difference(known))
    if missing:
        raise DetectorMissing(
            f"The policy destroys the class {missing[0]!r}, and this worker has no detector for it, so nothing is "
            "published. Add the detector to the worker's BLURLINE_DETECTORS, or re-run the images without the class."
        )
    plans, detectors = {}, {}
    for spec in settings.detector.detectors:
        wanted = sorted(set(spec.classes.values()).intersection(names))
        if not wanted:
            continue
        detector = further_detector(spec, settings.detector.execution_provider)
        shared = SharedRuns(detector) if len(wanted) > 1 else detector
        for name in wanted:
            plans[name] = plan_of(shared, spec.threshold, spec.numbers(name))
            detectors[name] = spec.name
    return OtherClasses(plans, detectors)


class SharedRuns(Detector):
    """A detector that runs once on each input, for several classes. ``forget`` frees the outputs that it keeps."""

    def __init__(self, detector: Detector) -> None:
        super().__init__(detector.card, detector._session)
        self.stride_px = detector.stride_px
        self._detector = detector
        self._outputs: dict[bytes, list[NDArray[np.float32]]] = {}

    def run(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Return the model's raw outputs, from memory if it has run on these pixels."""
        key = hashlib.blake2b(pixels.tobytes(), digest_size=16, person=repr(pixels.shape).encode()[:16]).digest()
        if key not in self._outputs:
            self._outputs[key] = self._detector.run(pixels)
        return self._outputs[key]

    def forget(self) -> None:
        """Free the outputs."""
        self._outputs.clear()

    def _prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._detector._prepare(pixels)

    def _decode(
        self, outputs: list[NDArray[np.float32]], size: tuple[int, ...], min_score: float, classes: tuple[int, ...]
    ) -> Faces:
        return self._detector._decode(outputs, size, min_score, classes)


def _identity(plan: DetectionPlan) -> dict[str, Any]:
    card = plan.detector.card
    return {
        "name": card.name,
        "sha256": card.sha256,
        "licence": card.licence,
        "provider": plan.detector.provider,
        "threshold": plan.threshold,
    }

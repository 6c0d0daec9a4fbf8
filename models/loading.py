"""Loads and checks detectors by name or from a file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from blurline.errors import ModelRejected
from blurline.settings.further_detectors import FurtherDetector
from models.card import WEIGHTS, Family, ModelCard, check_sha256, file_sha256, vendored_card
from models.centerface import CenterFace
from models.detector import Detector
from models.session import Session
from models.yolo_face import YoloFace
from models.yunet import YuNet

_FAMILIES: dict[Family, type[Detector]] = {
    Family.CENTERFACE: CenterFace,
    Family.YUNET: YuNet,
    Family.YOLO_FACE: YoloFace,
}


@lru_cache(maxsize=8)
def vendored_detector(name: str, provider: str = "CPUExecutionProvider") -> Detector:
    """A detector that ships with Blurline, loaded once per process. Raises ModelRejected."""
    card = vendored_card(name)
    check_sha256(WEIGHTS / card.file, card.sha256)
    return _ready(_FAMILIES[card.family](card, Session(WEIGHTS / card.file, provider)))


@lru_cache(maxsize=8)
def custom_detector(path: Path, family: Family, threshold: float, provider: str = "CPUExecutionProvider") -> Detector:
    """A detector from a user's ONNX file, loaded once per process. Raises ModelRejected if it is not usable."""
    card = custom_card(path, family, threshold)
    return _ready(_FAMILIES[family](card, Session(path, provider)))


def further_detector(spec: FurtherDetector, provider: str = "CPUExecutionProvider") -> Detector:
    """A detector of BLURLINE_DETECTORS, loaded once per process. Raises ModelRejected if it is not usable or lacks a
    class that the setting names."""
    return _further_detector(spec.model_dump_json(), provider)


@lru_cache(maxsize=32)
def _further_detector(spec_json: str, provider: str) -> Detector:
    spec = FurtherDetector.model_validate_json(spec_json)
    try:
        card = custom_card(spec.file, Family(spec.family), spec.threshold)
        detector = _FAMILIES[card.family](card, Session(spec.file, provider))
        _check_classes(detector, spec)
        return _ready(detector, tuple(spec.classes))
    except ModelRejected as error:
        raise ModelRejected(
            f"The detector {spec.name} of BLURLINE_DETECTORS cannot be used: {error} "
            "Correct its `file`, `family` or `classes`, or take it out of the setting."
        ) from error


def _check_classes(detector: Detector, spec: FurtherDetector) -> None:
    """Raise ModelRejected when the setting names a class that the model file does not name."""
    known = detector.class_names
    unknown = sorted(set(spec.classes) - set(known)) if known else []
    if unknown:
        listed = ", ".join(f"{number} ({name})" for number, name in sorted(known.items()))
        raise ModelRejected(f"{spec.file} has no class {unknown[0]}, only {listed}.")


def custom_card(path: Path, family: Family, threshold: float) -> ModelCard:
    """The card of a user's own ONNX file. Raises ModelRejected when there is no such file."""
    if not path.is_file():
        raise ModelRejected(f"The model file {path} does not exist.")
    sha256 = file_sha256(path)
    return ModelCard(
        name=path.stem,
        family=family,
        file=path.name,
        sha256=sha256,
        licence="the user's own",
        source="the user's own",
        source_sha256=sha256,
        copyright="",
        training_data="unknown",
        input="as in the family",
        threshold=threshold,
        measured="not measured",
    )


def _ready(detector: Detector, classes: tuple[int, ...] = (0,)) -> Detector:
    """Run once on a black input, to refuse a wrong model now and make the first photograph fast."""
    height, width = detector.smallest_input
    try:
        detector.candidates(np.zeros((height, width, 3), np.uint8), 0.5, classes)
    except ModelRejected:
        raise
    except Exception as error:
        raise ModelRejected(
            f"{detector.card.file} cannot be read as a {detector.card.family} model: {error}. "
            "Set BLURLINE_MODEL_FAMILY to the family of the file."
        ) from error
    return detector

"""Loads and checks detectors by name or from a file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from blurline.errors import ModelRejected
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


def _ready(detector: Detector) -> Detector:
    """Run once on a black input, to refuse a wrong model now and make the first photograph fast."""
    height, width = detector.smallest_input
    try:
        detector.candidates(np.zeros((height, width, 3), np.uint8), 0.5)
    except ModelRejected:
        raise
    except Exception as error:
        raise ModelRejected(
            f"{detector.card.file} cannot be read as a {detector.card.family} model: {error}. "
            "Set BLURLINE_MODEL_FAMILY to the family of the file."
        ) from error
    return detector

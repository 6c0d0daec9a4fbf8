"""CenterFace in int8, for passes over regions: only where this CPU runs it faster and a self-test finds it right.

It is the vendored CenterFace, quantised by `models.quantise`. The whole picture is always shown to the float model.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from blurline.faces import Faces
from blurline.picture.decode import open_photo
from blurline.settings.concerns import DetectorSettings
from models.card import WEIGHTS, ModelCard, vendored_card
from models.detector import Detector
from models.loading import vendored_detector
from models.merge import iou, non_maximum_suppression

INT8_MODEL = "centerface_int8"
FLOAT_MODEL = "centerface"

CPU = "CPUExecutionProvider"
_RUNS = 5
_MOST_TIME = 0.8  # of the float model's; with VNNI it takes about half
_MERGE_IOU = 0.4
_SCORE = 0.1
_SAME_IOU = 0.8
_SAME_SCORE = 0.1


@dataclass(frozen=True, slots=True)
class Trial:
    """What the start found: the time of an int8 run over that of a float run, and whether both see the same faces."""

    time_ratio: float
    is_right: bool

    @property
    def is_passed(self) -> bool:
        """Whether the int8 model is to be used."""
        return self.is_right and self.time_ratio <= _MOST_TIME


def regions_card(settings: DetectorSettings) -> ModelCard:
    """The card of the model that sees the regions of `standard` where its trial is passed; loads no detector."""
    may_be_int8 = settings.int8_regions and settings.model_file is None and settings.execution_provider == CPU
    return vendored_card(INT8_MODEL if may_be_int8 else FLOAT_MODEL)


def int8_detector(provider: str) -> Detector | None:
    """The int8 detector if it passes its trial on this machine, otherwise None. Raises ModelRejected."""
    return vendored_detector(INT8_MODEL, provider) if provider == CPU and trial().is_passed else None


@lru_cache(maxsize=1)
def trial() -> Trial:
    """Compare both models on a photograph of one face. Takes a tenth of a second, once a process."""
    return compare(vendored_detector(FLOAT_MODEL, CPU), vendored_detector(INT8_MODEL, CPU))


def compare(usual: Detector, quick: Detector) -> Trial:
    """Run both detectors over the same photograph, in turn, on this thread's CPU time: a busy machine slows both."""
    pixels = open_photo((WEIGHTS / "self_test.jpg").read_bytes()).pixels
    times_s = [(_cpu_s(usual, pixels), _cpu_s(quick, pixels)) for _ in range(_RUNS)]
    usual_s, quick_s = (min(each) for each in zip(*times_s, strict=True))
    return Trial(quick_s / usual_s, _is_same(_faces(usual, pixels), _faces(quick, pixels)))


def _cpu_s(detector: Detector, pixels: NDArray[np.uint8]) -> float:
    started = time.thread_time()
    detector.run(pixels)
    return time.thread_time() - started


def _faces(detector: Detector, pixels: NDArray[np.uint8]) -> Faces:
    return non_maximum_suppression(detector.candidates(pixels, _SCORE), _MERGE_IOU)


def _is_same(some: Faces, others: Faces) -> bool:
    """Whether both found the same faces, with nearly the same boxes and scores."""
    if not len(some) or len(some) != len(others):
        return False
    overlap = iou(some, others)
    same = overlap.argmax(axis=1)
    is_near = np.abs(some[:, 4] - others[same, 4]) <= _SAME_SCORE
    return bool((overlap.max(axis=1) >= _SAME_IOU).all() and is_near.all())

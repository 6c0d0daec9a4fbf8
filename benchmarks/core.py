"""(a) The core loop on one core, compared with its unavoidable parts: decode, onnxruntime, encode.

Also the cost of each profile, as a multiple of one run of CenterFace at 640 x 640, and how far the detections of an
execution provider are from those of the CPU.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.photos import TWO_MP, photo_of
from blurline import Policy, ProfileName, open_photo
from blurline.picture.letterbox import scale_to_side
from blurline.picture.malloc_tuning import tune_malloc
from blurline.picture.photo import Frame
from blurline.policy.profile import SECOND_LOOK_MODEL
from blurline.settings import Settings
from models import DetectionPlan, anonymize, plan_for
from models.detector import to_tensor
from models.int8 import CPU
from models.loading import vendored_detector
from models.merge import iou
from models.session import Session

_BLOCKS, _ROUNDS = 4, 5
_SAME_IOU = 0.5


def _tensors(plan: DetectionPlan, frame: Frame) -> list[tuple[Session, NDArray[np.float32]]]:
    """The sessions and tensors of every run of the detectors on a frame."""
    (passes,) = plan.candidates(frame).passes
    tensors = []
    for each in passes:
        picture = scale_to_side(Image.fromarray(frame.pixels), each.step.side_px)
        regions = None if each.areas is None else np.rint(each.areas * each.scale).astype(int).tolist()
        detector, _ = plan.detectors.of(each.step)
        tensors += [(detector._session, to_tensor(one.pixels)) for one in picture.letterboxes(regions=regions)]
    return tensors


def run(provider: str = CPU) -> dict[str, Any]:
    """Median milliseconds of each part, in alternating blocks, so that noise affects all equally.

    ``provider``: the execution provider of onnxruntime that runs the detectors.
    """
    tune_malloc()  # as a worker does
    data = photo_of(TWO_MP)
    photo = open_photo(data)
    wide = open_photo(photo_of((1920, 1350)))
    settings = Settings().replace(execution_provider=provider)
    plans = {profile: plan_for(Policy(profile=profile), settings) for profile in ProfileName}
    standard = plans[ProfileName.STANDARD]
    session, again = standard.detector._session, vendored_detector(SECOND_LOOK_MODEL, provider)._session
    tensors = _tensors(standard, photo.frames[0])
    picture = scale_to_side(Image.fromarray(photo.pixels), 640)
    tensors.append((again, to_tensor(next(picture.letterboxes()).pixels)))
    square = np.zeros((1, 3, 640, 640), np.float32)

    def decode() -> None:
        with Image.open(io.BytesIO(data)) as image:
            np.asarray(image)

    def encode() -> None:
        Image.fromarray(photo.pixels).save(
            io.BytesIO(), "JPEG", qtables=photo.encoding.quantization, subsampling=photo.encoding.subsampling
        )

    parts: dict[str, Callable[[], object]] = {
        "core": lambda: anonymize(open_photo(data), settings=settings),
        "decode": decode,
        "onnxruntime": lambda: [model.run(tensor) for model, tensor in tensors],
        "encode": encode,
        **{f"detection_{profile}": partial(plan.detect, wide.frames[0]) for profile, plan in plans.items()},
        "one_run_at_640": lambda: session.run(square),
    }
    times: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(_BLOCKS):
        for name, part in parts.items():
            part()  # the first in a block has cold caches
            for _ in range(_ROUNDS):
                started = time.perf_counter()
                part()
                times[name].append((time.perf_counter() - started) * 1000)
    ms = {name: round(statistics.median(values), 1) for name, values in times.items()}
    floor = ms["decode"] + ms["onnxruntime"] + ms["encode"]
    return {
        "provider": provider,
        "images_per_s": round(1000 / ms["core"], 2),
        "farthest_from_cpu": _farthest_from_cpu(standard, wide.frames[0]),
        "megapixels": round(TWO_MP[0] * TWO_MP[1] / 1e6, 2),
        "ms": ms,
        "floor_over_core": round(floor / ms["core"], 3),
        "detection_over_one_run_at_640": {
            profile: round(ms[f"detection_{profile}"] / ms["one_run_at_640"], 2) for profile in plans
        },
    }


def _farthest_from_cpu(plan: DetectionPlan, frame: Frame) -> dict[str, float | int]:
    """How far the detections are from those of the float model on the CPU: the largest difference of a corner, in
    pixels, and of a score, and how many detections only one of both has."""
    ours, theirs = (
        plan.detect(frame).rows,
        plan_for(Policy(), Settings().replace(int8_regions=False)).detect(frame).rows,
    )
    overlap = iou(ours, theirs)
    is_same = overlap > _SAME_IOU
    differences = np.abs(ours - theirs[overlap.argmax(axis=1)])[is_same.any(axis=1)]
    return {
        "corner_px": round(float(differences[:, :4].max(initial=0)), 3),
        "score": round(float(differences[:, 4].max(initial=0)), 4),
        "only_one_has": int((~is_same.any(axis=1)).sum() + (~is_same.any(axis=0)).sum()),
    }

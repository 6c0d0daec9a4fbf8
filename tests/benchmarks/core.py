"""(a) The core loop on one core against the sum of its unavoidable parts: decode, onnxruntime, encode."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from blurline import Policy, open_photo, redact
from blurline.box import to_faces
from blurline.memory import keep_freed_memory
from models import Look, look_for
from tests.benchmarks.photos import TWO_MP, photo_of

_BLOCKS, _ROUNDS = 4, 5


def treat(data: bytes, look: Look, policy: Policy) -> bytes:
    """What a worker does to one picture, without database and store."""
    photo = open_photo(data)
    faces = look.merge(look.candidates(look.inputs(photo)), photo.width_px, photo.height_px)
    return redact(photo, to_faces(faces[faces[:, 4] >= look.threshold]), policy)


def run() -> dict[str, Any]:
    """Median milliseconds of each part, in alternating blocks, so that noise of the machine meets all alike."""
    keep_freed_memory()  # as a worker does
    data, policy = photo_of(TWO_MP), Policy()
    look = look_for(policy)
    photo = open_photo(data)
    session = look.detector._session
    tensors = [look.detector._prepare(each.pixels) for each in look.inputs(photo)[0]]
    square = np.zeros((1, 3, 640, 640), np.float32)

    def decode() -> None:
        with Image.open(io.BytesIO(data)) as image:
            np.asarray(image)

    def encode() -> None:
        Image.fromarray(photo.pixels).save(
            io.BytesIO(), "JPEG", qtables=photo.encoding.quantization, subsampling=photo.encoding.subsampling
        )

    parts: dict[str, Callable[[], object]] = {
        "core": lambda: treat(data, look, policy),
        "decode": decode,
        "onnxruntime": lambda: [session.run(tensor) for tensor in tensors],
        "encode": encode,
        "detection": lambda: look.merge(look.candidates(look.inputs(photo)), photo.width_px, photo.height_px),
        "one_run_at_640": lambda: session.run(square),
    }
    times: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(_BLOCKS):
        for name, part in parts.items():
            part()  # the first of a block meets cold caches
            for _ in range(_ROUNDS):
                started = time.perf_counter()
                part()
                times[name].append((time.perf_counter() - started) * 1000)
    ms = {name: round(statistics.median(values), 1) for name, values in times.items()}
    floor = ms["decode"] + ms["onnxruntime"] + ms["encode"]
    return {
        "megapixels": round(TWO_MP[0] * TWO_MP[1] / 1e6, 2),
        "ms": ms,
        "floor_over_core": round(floor / ms["core"], 3),
        "detection_over_one_run_at_640": round(ms["detection"] / ms["one_run_at_640"], 2),
    }

"""Fidelity of results: PSNR and changed pixels outside the destroyed areas, and file size."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.photos import photo_of
from blurline import Box, Face, Policy, open_photo, redact
from tests.pictures import encoded, psnr_db

_SIZE = (1800, 1200)
FACE = Face(Box(800, 500, 1000, 740), 0.9)
_OUTSIDE = np.s_[900:, :]
_PANORAMA = (20000, 10000)


def run() -> dict[str, Any]:
    """Figures by format, for JPEG beside Pillow's defaults and quality 90; time and memory for 200 megapixels."""
    table: dict[str, Any] = {}
    for name, data in files_of_every_format().items():
        photo = open_photo(data)
        table[f"{name}; a face found"] = _kept(photo.pixels, redact(photo, ((FACE,),), Policy()), data)
        table[f"{name}; none found"] = _kept(photo.pixels, redact(photo, ((),), Policy()), data)
        if name.startswith("JPEG"):
            image = Image.fromarray(photo.pixels)
            table[f"{name}; Pillow's defaults"] = _kept(photo.pixels, encoded(image, "JPEG"), data)
            table[f"{name}; Pillow at quality 90"] = _kept(photo.pixels, encoded(image, "JPEG", quality=90), data)
    return {"kept": table, "panorama_of_200_megapixels": _panorama()}


def files_of_every_format() -> dict[str, bytes]:
    """Files of one photograph with a face at `FACE`, by the name of their format."""
    source = Image.open(io.BytesIO(photo_of(_SIZE))).convert("RGB")
    return {
        "JPEG, quality 92": encoded(source, "JPEG", quality=92),
        "JPEG, quality 75, progressive": encoded(source, "JPEG", quality=75, progressive=True),
        "PNG": encoded(source, "PNG"),
        "WEBP, quality 80": encoded(source, "WEBP", quality=80),
        "WEBP, lossless": encoded(source, "WEBP", lossless=True),
        "AVIF, quality 80": encoded(source, "AVIF", quality=80),
        "TIFF": encoded(source, "TIFF", compression="tiff_lzw"),
        "GIF": encoded(source, "GIF"),
        "BMP": encoded(source, "BMP"),
    }


def _kept(before: NDArray[np.uint8], result: bytes, source: bytes) -> dict[str, float]:
    after = open_photo(result).pixels
    changed = (before[_OUTSIDE] != after[_OUTSIDE]).any(axis=2).mean()
    return {
        "psnr_db": round(float(psnr_db(before[_OUTSIDE], after[_OUTSIDE])), 1),
        "changed_pixels": round(float(changed), 4),
        "size_ratio": round(len(result) / len(source), 3),
    }


def _panorama() -> dict[str, float]:
    """Time and peak memory of `blurline redact` on one panorama, in a separate process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panorama.jpg"
        path.write_bytes(photo_of(_PANORAMA))
        command = [sys.executable, "-m", "blurline", "redact", str(path), "-o", str(Path(folder) / "out")]
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"seconds": round(time.perf_counter() - started, 1), "peak_memory_mb": round(peak_mb)}

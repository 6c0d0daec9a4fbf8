"""Pictures for tests: the samples, and files made from them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SAMPLES = Path(__file__).parents[1] / "samples"
HOPPER = SAMPLES / "hopper.jpg"
ASTRONAUT = SAMPLES / "astronaut.png"
GROUP = SAMPLES / "group.jpg"
COFFEE = SAMPLES / "coffee.png"

TO_ORIENTATION = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def encoded(image: Image.Image, format_: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def sideways(image: Image.Image, orientation: int, format_: str = "JPEG", **options: Any) -> bytes:
    """A file whose pixels are stored as a camera with that EXIF orientation stores the upright ``image``."""
    transpose = TO_ORIENTATION[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = image if transpose is None else image.transpose(transpose)
    return encoded(stored, format_, exif=exif, **options)


def decoded(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image.convert("RGB"))


def psnr_db(one: NDArray[Any], other: NDArray[Any]) -> float:
    mean_square = float(np.mean((one.astype(float) - other.astype(float)) ** 2))
    return 99.0 if mean_square == 0 else 10 * np.log10(255**2 / mean_square)

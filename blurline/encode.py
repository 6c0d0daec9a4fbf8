"""Writing a result: a new file from pixels and an allow-list, so that nothing of the source's metadata,
thumbnails or trailing bytes can pass."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.photo import Encoding

_QUALITY_WITHOUT_TABLES = 95
_WEBP_QUALITY = 92


def encode(pixels: NDArray[np.uint8], encoding: Encoding, alpha: NDArray[np.uint8] | None = None) -> bytes:
    """(H, W, 3) upright RGB -> file bytes in the source's format.

    ``alpha`` stands for the source's alpha channel, if it had one. Kept from the source: colour profile,
    resolution, and for JPEG quantisation tables, subsampling and the progressive flag. Nothing else passes.
    """
    image = _image(pixels, encoding, alpha)
    file = io.BytesIO()
    options: dict[str, Any] = {"icc_profile": encoding.icc_profile}
    if encoding.dpi is not None:
        options["dpi"] = encoding.dpi
    if encoding.format == "JPEG":
        options |= _jpeg_options(encoding)
    elif encoding.format == "WEBP":
        options |= {"lossless": encoding.lossless, "quality": _WEBP_QUALITY, "method": 4, "exact": True}
    image.save(file, encoding.format, **options)
    return file.getvalue()


def _image(pixels: NDArray[np.uint8], encoding: Encoding, alpha: NDArray[np.uint8] | None) -> Image.Image:
    image = Image.fromarray(pixels)
    if encoding.grey:
        image = image.convert("L")
    if alpha is not None:
        image.putalpha(Image.fromarray(alpha))
    return image


def _jpeg_options(encoding: Encoding) -> dict[str, Any]:
    if encoding.quantization is None:
        return {"quality": _QUALITY_WITHOUT_TABLES, "subsampling": 0, "progressive": encoding.progressive}
    return {
        "qtables": encoding.quantization,
        "subsampling": encoding.subsampling,
        "progressive": encoding.progressive,
    }

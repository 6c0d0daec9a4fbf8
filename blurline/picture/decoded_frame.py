"""The pixels of a decoded frame as upright RGB, whatever Pillow's mode."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.picture.colour_conversion import as_rgb
from blurline.picture.colour_profile import space_of
from blurline.picture.colour_reading import read_profile
from blurline.picture.facts import DEEP_GREY
from blurline.picture.formats import heif
from blurline.picture.formats.gif import palette_of
from blurline.picture.photo import Frame
from blurline.picture.source_encoding import is_transparent
from blurline.picture.tiff_samples import grey_values, is_negative, is_signed_grey

TRANSPOSE_TO_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_GREY_MODES = {"1", "L", "LA", "La", "I", "F"} | DEEP_GREY


def decoded_frame(image: Image.Image, orientation: int, crop: heif.CleanAperture | None) -> Frame:
    """The present frame of a loaded image, after the container's ``crop``, turned by the EXIF ``orientation``."""
    transpose = TRANSPOSE_TO_UPRIGHT.get(orientation)
    shown = image
    if crop is not None:  # the container applies it before it turns the picture
        edges = (crop.left_px, crop.top_px, crop.left_px + crop.width_px, crop.top_px + crop.height_px)
        shown = image.crop(edges)
    upright = shown if transpose is None else shown.transpose(transpose)
    alpha = None
    if is_transparent(image):
        straight = upright.convert("LA") if upright.mode == "La" else upright
        alpha = np.array(straight.convert("RGBA").getchannel("A"))
    if alpha is not None and image.format == "BMP" and alpha.max() == 0:
        alpha = None  # many writers leave this field empty
    duration = image.info.get("duration")
    duration_ms = float(duration) if isinstance(duration, int | float) else None
    is_grey = image.mode in _GREY_MODES and space_of(read_profile(image) or b"") != b"RGB "
    if upright.mode not in DEEP_GREY:
        pixels = _rgb(upright, read_profile(image) if image.mode == "CMYK" else None)
        palette = palette_of(image) if image.format == "GIF" else None
        return Frame(pixels, alpha, None, duration_ms, is_grey, palette=palette)
    levels16 = np.array(upright).astype(np.uint16) << np.uint16(max(0, 16 - _bits(image)))
    levels16 = ~levels16 if is_negative(image) else levels16
    grey = (levels16 >> 8).astype(np.uint8)
    return Frame(np.stack([grey] * 3, axis=2), alpha, levels16 if alpha is None else None, duration_ms, is_grey)


def _bits(image: Image.Image) -> int:
    """Bits per channel of a deep grey picture; a TIFF may have 10, 12 or 14."""
    tags: Any = getattr(image, "tag_v2", {})
    return int(max(tags.get(258, (16,)), default=16)) if image.format == "TIFF" else 16


def _rgb(image: Image.Image, profile: bytes | None) -> NDArray[np.uint8]:
    if image.mode == "RGB":
        return np.asarray(image)
    if image.mode in ("I", "F"):  # values of any range, which Pillow would clip
        levels = grey_values(image)
        known = levels[np.isfinite(levels)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
        scaled = np.nan_to_num((levels - low) / max(high - low, 1e-9), posinf=1, neginf=0).clip(0, 1) * 255
        scaled = 255 - scaled if is_negative(image) else scaled
        return np.stack([scaled.astype(np.uint8)] * 3, axis=2)
    if is_signed_grey(image):
        return np.stack([np.asarray(image) ^ 0x80] * 3, axis=2)
    if image.mode == "CMYK":
        return np.asarray(as_rgb(image, profile))
    return np.asarray((image.convert("LA") if image.mode == "La" else image).convert("RGB"))

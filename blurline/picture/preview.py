"""Previews: small versions of a result and, for reviewers, of its original."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.picture.colour_rendering import looks_foreign
from blurline.picture.photo import Frame
from blurline.picture.resample import resize
from blurline.storage.preview_keys import PreviewSize

_QUALITY = 80


def preview(frame: Frame, size: PreviewSize) -> bytes:
    """Return a JPEG of the upright frame, over white where it is transparent, without metadata of the source."""
    image = Image.fromarray(appearance(frame))
    scale = min(1.0, size.side_px / max(image.size))
    if scale < 1:
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = resize(image, width, height, is_bicubic=False)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY, icc_profile=profile_of(frame))
    return file.getvalue()


def appearance(frame: Frame) -> NDArray[np.uint8]:
    """The frame as a screen shows it, (H, W, 3) RGB: over white, with stretched levels, and foreign colours as sRGB."""
    renderings = frame.renderings
    return renderings[min(2 if _is_rendered(frame) and frame.is_transparent else 1, len(renderings) - 1)]


def profile_of(frame: Frame) -> bytes | None:
    """The colour profile of `appearance`; None where it is sRGB."""
    return None if _is_rendered(frame) else frame.colour.profile(is_grey=False)


def _is_rendered(frame: Frame) -> bool:
    return frame.levels16 is None and looks_foreign(frame.colour)

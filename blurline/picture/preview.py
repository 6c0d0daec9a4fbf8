"""Previews: small versions of a result and, for reviewers, of its original."""

from __future__ import annotations

import io

from PIL import Image

from blurline.picture.colour_rendering import looks_foreign
from blurline.picture.photo import Frame
from blurline.picture.resample import resize
from blurline.storage.preview_keys import PreviewSize

_QUALITY = 80


def preview(frame: Frame, size: PreviewSize) -> bytes:
    """Return a JPEG of the upright frame, over white where it is transparent, without metadata of the source."""
    is_rendered = frame.levels16 is None and looks_foreign(frame.colour)
    appearances = frame.appearances
    shown = appearances[min(2 if is_rendered and frame.is_transparent else 1, len(appearances) - 1)]
    image = Image.fromarray(shown)
    scale = min(1.0, size.side_px / max(image.size))
    if scale < 1:
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = resize(image, width, height, is_bicubic=False)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY, icc_profile=None if is_rendered else frame.colour.profile(is_grey=False))
    return file.getvalue()

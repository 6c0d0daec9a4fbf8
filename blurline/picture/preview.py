"""Previews: small versions of a result and, for reviewers, of its original."""

from __future__ import annotations

import io

from PIL import Image

from blurline.picture.photo import Frame
from blurline.picture.resample import resize
from blurline.storage.preview_keys import PreviewSize

_QUALITY = 80


def preview(frame: Frame, size: PreviewSize, icc_profile: bytes | None = None) -> bytes:
    """Return a JPEG of the upright frame, over white where it is transparent, without metadata of the source.

    ``icc_profile``: the cleaned profile of the frame's colours.
    """
    image = Image.fromarray(frame.appearances[min(1, len(frame.appearances) - 1)])
    scale = min(1.0, size.side_px / max(image.size))
    if scale < 1:
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = resize(image, width, height, is_bicubic=False)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY, icc_profile=icc_profile)
    return file.getvalue()

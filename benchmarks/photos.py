"""Photographs in the sizes of cameras, made from the bundled samples."""

from __future__ import annotations

from PIL import Image

from tests.pictures import GROUP, encoded

HALF_MP = (900, 562)
TWO_MP = (1800, 1125)
TWELVE_MP = (4400, 2750)


def photo_of(size: tuple[int, int]) -> bytes:
    """A JPEG of ``size`` (width, height) with eleven faces."""
    with Image.open(GROUP) as image:
        return encoded(image.convert("RGB").resize(size, Image.Resampling.LANCZOS), "JPEG", quality=92)

"""JPEG files without an end marker, as some cameras write them: complete if no pixel depends on what would follow."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.picture.formats import jpeg

_END = b"\xff\xd9"
_CONTINUATIONS = (b"", b"\x00" * 4096, b"\x55\xaa" * 2048, b"\x6d\xb6\xdb" * 1365)


def completed(data: bytes) -> bytes:
    """The file with an end marker, if it lacks that alone; otherwise the file as it is.

    Whether the last scan is complete shows when other bytes follow it: a decoder that still needs bits draws them.
    """
    if not jpeg.lacks_end(data):
        return data
    scans = data.rstrip(b"\xff")  # fill bytes before the missing marker
    if not jpeg.has_every_scan(scans + _END):
        return data
    try:
        first, *others = (_pixels(scans + following + _END) for following in _CONTINUATIONS)
    except Exception:  # Pillow raises many types for damaged files
        return data
    return scans + _END if all(np.array_equal(first, other) for other in others) else data


def _pixels(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        return np.asarray(image)

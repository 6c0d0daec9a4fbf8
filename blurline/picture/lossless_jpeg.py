"""JPEG to JPEG without loss outside the changed blocks: quantised DCT coefficients are copied block by block.

Needs the extra ``exact`` (jpeglib, MPL-2.0, which has no wheel for Linux on arm64).
"""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blurline.errors import ConfigurationError
from blurline.picture.formats import jpeg
from blurline.picture.photo import Format, Photo

_BLOCK_PX = 8


def can_splice(photo: Photo, wanted: Format) -> bool:
    """Whether the picture's coefficients can be kept: source and result are JPEG, the source is whole, stored upright
    and of a coding that jpeglib reads."""
    if photo.encoding.format is not Format.JPEG or wanted is not Format.JPEG or photo.orientation != 1:
        return False
    frame = jpeg.first_frame(photo.data)
    return frame is not None and frame[0] in jpeg.HUFFMAN_FRAMES and not jpeg.lacks_end(photo.data)


def splice(source: bytes, redacted: bytes, is_touched: NDArray[np.bool_]) -> bytes | None:
    """Return ``redacted`` with the coefficients of ``source`` in every block without a changed pixel.

    Both are JPEG of the same size; ``is_touched``: (H, W) mask of the changed pixels. Returns None when their tables,
    sampling or components differ, because coefficients then differ in meaning. Raises ConfigurationError when the extra
    is not installed.
    """
    if importlib.util.find_spec("jpeglib") is None:
        raise ConfigurationError(
            "Exact JPEG results need jpeglib on the worker. Install it with `pip install blurline[exact]`."
        )
    import jpeglib

    if jpeg.is_rgb(jpeg.segments(source)[0]):
        return None
    with tempfile.TemporaryDirectory() as folder:
        before, after, written = (Path(folder) / name for name in ("before.jpg", "after.jpg", "written.jpg"))
        before.write_bytes(source)
        after.write_bytes(redacted)
        try:
            old, new = jpeglib.read_dct(str(before)), jpeglib.read_dct(str(after))
        except OSError:  # a coding that jpeglib does not read
            return None
        for name in ("Y", "Cb", "Cr"):
            kept, changed = getattr(old, name), getattr(new, name)
            if kept is None and changed is None:
                continue
            if kept is None or changed is None or kept.shape != changed.shape or not _same_tables(old, new):
                return None
            place = _touched_blocks(is_touched, kept.shape[:2])
            kept[place] = changed[place]
        old.write_dct(str(written), flags=["OPTIMIZE_CODING"])
        data = written.read_bytes()
    found, _ = jpeg.segments(redacted)
    blocks = {prefix: _payload(found, prefix) for prefix in (jpeg.EXIF, jpeg.XMP)}
    return jpeg.repackage(data, blocks[jpeg.EXIF], blocks[jpeg.XMP], jpeg.colour_profile(found))


def _same_tables(old: Any, new: Any) -> bool:
    names = ["qt", "quant_tbl_no"] + (
        ["samp_factor"] if old.Cb is not None else []
    )  # irrelevant for a single component
    return all(np.array_equal(getattr(old, name), getattr(new, name)) for name in names)


def _touched_blocks(is_touched: NDArray[np.bool_], blocks: tuple[int, int]) -> NDArray[np.bool_]:
    """Convert (H, W) pixels to (rows, columns) blocks of a component, plus one block all around: decoders smooth chroma
    across block edges."""
    rows, columns = blocks
    height, width = is_touched.shape
    place = np.zeros((rows, columns), bool)
    y, x = np.nonzero(is_touched)
    per_row, per_column = -(-height // rows), -(-width // columns)
    per_row, per_column = (_BLOCK_PX * max(1, round(size / _BLOCK_PX)) for size in (per_row, per_column))
    row, column = np.minimum(y // per_row, rows - 1), np.minimum(x // per_column, columns - 1)
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            place[(row + down).clip(0, rows - 1), (column + across).clip(0, columns - 1)] = True
    return place


def _payload(found: list[jpeg.Segment], prefix: bytes) -> bytes | None:
    for each in found:
        if each.payload.startswith(prefix):
            return each.payload.removeprefix(prefix)
    return None

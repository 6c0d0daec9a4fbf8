"""Compares a written frame with the original outside the destroyed places, so that what a detector saw there in the
original also holds for the written file.

Lossless formats must show the same pixels. Lossy ones cannot: there, the mean colour of each square of 8 x 8 pixels
must stay within a limit. Over photographs, noise and stripes of saturated colours, written in all lossy formats and
JPEG qualities from 5 up, it changed by at most 20 levels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.box import Box
from blurline.errors import OutputCheckFailed
from blurline.picture.photo import Frame, Photo

_SQUARE_PX = 8
_MOST_LEVELS = 32
_STEPS_PER_LEVEL = 8  # how much of a JPEG's quantisation step of a mean adds to the limit
_WHITE = _OPAQUE = 255


@dataclass(frozen=True, slots=True)
class DifferingPlace:
    """A place where a written file is not what was meant: its frame from 0, and its corners in pixels of the upright
    photograph."""

    frame: int
    x1: float
    y1: float
    x2: float
    y2: float
    kind: Literal["difference"] = field(default="difference", init=False)

    def __str__(self) -> str:
        where = f"at ({self.x1:.0f}, {self.y1:.0f}) to ({self.x2:.0f}, {self.y2:.0f})"
        return f"on frame {self.frame + 1}, {where}" if self.frame else where


class PlaceDiffers(OutputCheckFailed):
    """A written file is not what was meant, at this place."""

    def __init__(self, why: str, place: DifferingPlace) -> None:
        super().__init__(why)
        self.place = place


def check_untouched(original: Frame, redacted: Frame, places: Sequence[Box]) -> None:
    """Raise OutputCheckFailed unless the redacted frame is the original outside ``places``."""
    if redacted is not original and not _is_same(original, redacted, places):
        raise OutputCheckFailed("The picture has changed outside the destroyed places; this is a fault of Blurline.")


def check_written(frames: Sequence[Frame], written: Photo, places: Sequence[Sequence[Box]], *, is_exact: bool) -> None:
    """Raise PlaceDiffers unless the written frames, one for each of ``frames``, show these outside ``places``.

    ``is_exact``: the format is lossless, so they must show them everywhere.
    """
    mean_step = max((table[0] for table in written.encoding.quantization or ()), default=0)
    for number, (meant, shown, touched) in enumerate(zip(frames, written.frames, places, strict=True)):
        if is_exact:
            check_identical(meant, shown, number)
        else:
            check_similar(meant, shown, touched, mean_step, number)


def check_identical(meant: Frame, written: Frame, number: int = 0) -> None:
    """Raise PlaceDiffers unless the written frame, with this number from 0, shows the pixels that were meant.

    The colours of fully transparent pixels do not count.
    """
    if _is_same(meant, written, ()):
        return
    changed = _changed(meant, written)
    if meant.alpha is not None and written.alpha is not None:
        changed &= (meant.alpha > 0) | (written.alpha > 0)
    if changed.any():
        differing = DifferingPlace(number, *_bounds(changed))
        raise PlaceDiffers(f"The written file is lossless, but differs from the picture, {differing}.", differing)


def check_similar(meant: Frame, written: Frame, places: Sequence[Box], mean_step: int = 0, number: int = 0) -> None:
    """Raise PlaceDiffers unless each square outside ``places`` has the mean colour that was meant.

    ``mean_step``: the largest quantisation step of a JPEG's means; 0 for other formats.
    """
    most = _MOST_LEVELS + mean_step // _STEPS_PER_LEVEL
    for top, bottom in _suspect_rows(meant, written, most):
        rows = slice(top, bottom)
        changed = np.abs(_means(meant, rows) - _means(written, rows))
        for place in places:
            changed[_window(place, _SQUARE_PX, top // _SQUARE_PX)] = 0
        if changed.max(initial=0) > most:
            x1, y1, x2, y2 = (side * _SQUARE_PX for side in _bounds((changed > most).any(axis=2)))
            differing = DifferingPlace(number, x1, top + y1, min(x2, meant.width_px), min(top + y2, meant.height_px))
            raise PlaceDiffers(
                f"The written file differs from the picture outside the destroyed places, by {changed.max()} levels, "
                f"{differing}.",
                differing,
            )


def _bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """The corners of what a mask marks."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _suspect_rows(meant: Frame, written: Frame, most: int) -> list[tuple[int, int]]:
    """The rows of squares in which any pixel differs by more than ``most`` levels: in others, no mean can."""
    height = meant.height_px
    if meant.is_transparent or written.is_transparent:
        return [(0, height)]
    shifted = written.pixels - meant.pixels
    shifted += np.uint8(most)  # modulo 256: up to twice ``most`` where they are close
    if shifted.max(initial=0) <= 2 * most:
        return []
    is_far = (shifted > 2 * most).reshape(height, -1).any(axis=1)
    squares = np.unique(np.flatnonzero(is_far) // _SQUARE_PX)
    ends = np.flatnonzero(np.diff(squares, append=squares[-1] + 2) > 1)
    starts = np.concatenate([[0], ends[:-1] + 1])
    return [
        (int(squares[start]) * _SQUARE_PX, min(height, (int(squares[end]) + 1) * _SQUARE_PX))
        for start, end in zip(starts, ends, strict=True)
    ]


def _is_same(one: Frame, other: Frame, places: Sequence[Box]) -> bool:
    """Whether two frames are identical outside ``places``."""
    layers = [(getattr(one, name), getattr(other, name)) for name in ("pixels", "alpha", "levels16")]
    if any((first is None) is not (second is None) for first, second in layers):
        return False
    for first, second in layers:
        if first is None or first is second:
            continue
        if first.shape != second.shape:
            return False
        if not _is_same_layer(first, second, places):
            return False
    return True


def _is_same_layer(first: NDArray[Any], second: NDArray[Any], places: Sequence[Box]) -> bool:
    """Compare whole words, to be quick, and copy only rows that a place touches."""
    edges = {0, len(first)} | {edge for place in places for edge in _window(place)[0].indices(len(first))[:2]}
    for top, bottom in pairwise(sorted(edges)):
        ours, theirs = first[top:bottom], second[top:bottom]
        touched = [_window(place, top=top) for place in places if place.y1 < bottom and place.y2 > top]
        if touched:
            theirs = theirs.copy()
            for window in touched:
                theirs[window] = ours[window]
        if not np.array_equal(_words(ours), _words(theirs)):
            return False
    return True


def _words(pixels: NDArray[Any]) -> NDArray[Any]:
    flat = np.ascontiguousarray(pixels).reshape(-1).view(np.uint8)
    return flat.view(np.uint64) if flat.size % 8 == 0 else flat


def _changed(before: Frame, after: Frame) -> NDArray[np.bool_]:
    """The (H, W) mask of pixels that differ in colour, transparency or depth."""
    if before.pixels.shape != after.pixels.shape:
        return np.ones(before.pixels.shape[:2], bool)
    changed = _differs(before.pixels, after.pixels) | (_alpha(before) != _alpha(after))
    if before.levels16 is not None and after.levels16 is not None:
        changed |= before.levels16 != after.levels16
    return np.asarray(changed)


def _alpha(frame: Frame) -> NDArray[np.uint8] | int:
    return _OPAQUE if frame.alpha is None else frame.alpha


def _differs(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    difference = one != other
    if difference.ndim == 2:
        return np.asarray(difference)
    red, green, blue = difference[..., 0], difference[..., 1], difference[..., 2]
    return np.asarray(red | green | blue)


def _means(frame: Frame, rows: slice) -> NDArray[np.int16]:
    """The mean colours of the squares in these rows of a frame, over white: (rows, columns, 3)."""
    image = Image.fromarray(frame.pixels[rows])
    if frame.alpha is not None:
        white = Image.new("RGB", image.size, (_WHITE,) * 3)
        image = Image.composite(image, white, Image.fromarray(frame.alpha[rows]))
    return np.asarray(image.reduce(_SQUARE_PX)).astype(np.int16)


def _window(place: Box, square_px: int = 1, top: int = 0) -> tuple[slice, slice]:
    """The rows and columns of squares that a place touches. ``top``: the first row of squares."""
    x1, y1 = (max(0, math.floor(value / square_px)) for value in (place.x1, place.y1))
    x2, y2 = (max(0, math.ceil(value / square_px)) for value in (place.x2, place.y2))
    return np.s_[max(0, y1 - top) : max(0, y2 - top), x1:x2]

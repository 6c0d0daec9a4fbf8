"""Pictures of two levels (faxes, halftones, dithered scans): people see faces in their dots that detectors miss."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

_RADII_PX = (1, 2)  # for single dots and for patterns of 4 and 8 pixels
_STRIDE = 5  # coprime to the size of any pattern
_BINS = 8
_LEAST_SHARE, _LEAST_OF_EACH = 0.8, 0.05


def smoothed(pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """(H, W, 3) RGB of two levels -> the same without its dots, by two widths; nothing for other pictures."""
    if not _has_two_levels(pixels):
        return []
    image = Image.fromarray(pixels)
    return [np.asarray(image.filter(ImageFilter.GaussianBlur(radius))) for radius in _RADII_PX]


def _has_two_levels(pixels: NDArray[np.uint8]) -> bool:
    """Whether most pixels are of two levels that are far apart; a lossy codec or a destroyed face adds others."""
    sample = pixels[::_STRIDE, ::_STRIDE, 1].ravel() // (256 // _BINS)
    counts = np.bincount(sample, minlength=_BINS)
    second, first = np.argsort(counts)[-2:]
    shares = counts / sample.size
    is_most = shares[first] + shares[second] >= _LEAST_SHARE and shares[second] >= _LEAST_OF_EACH
    return bool(is_most and abs(int(first) - int(second)) > _BINS // 4)

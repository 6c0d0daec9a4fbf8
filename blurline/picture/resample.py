"""Resampling with an antialiasing filter, by cykooz-resizer if installed, otherwise by Pillow.

Both compute the same convolution; cykooz-resizer takes a sixth of the time. They agree to one 8-bit level, but for
enlarging by bicubic (up to 13 levels in one of a thousand samples of a photograph), which rounds between its two steps.
"""

from __future__ import annotations

from PIL import Image

try:
    from cykooz_resizer import FilterType, ResizeAlg, ResizeOptions, Resizer
except ImportError:
    Resizer = None


def resize(image: Image.Image, width: int, height: int, *, is_bicubic: bool) -> Image.Image:
    """Resize an RGB image by bicubic or bilinear interpolation."""
    if Resizer is None:
        resample = Image.Resampling.BICUBIC if is_bicubic else Image.Resampling.BILINEAR
        return image.resize((width, height), resample)
    filter_type = FilterType.catmull_rom if is_bicubic else FilterType.bilinear
    result = Image.new(image.mode, (width, height))
    Resizer().resize_pil(image, result, ResizeOptions(resize_alg=ResizeAlg.convolution(filter_type)))
    return result

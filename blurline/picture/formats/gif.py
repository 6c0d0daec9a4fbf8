"""Reads and writes the palettes of a GIF.

The colours of the source stay in the result, and those that a destroyed region adds fill the rest of the palette.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import GifImagePlugin, Image, ImagePalette

_MOST_COLOURS = 256
_TRANSPARENT_BELOW = 128
_RGB_SHIFT = np.array([16, 8, 0], np.uint32)


class GifFile(GifImagePlugin.GifImageFile):
    """A GIF as Pillow reads it, without the mode L for a palette of greys.

    Pillow keeps the mode of the first frame for all. If that is L, it takes the indices of later frames for greys and
    ignores their palettes (findings/pillow-gif-grey-first-frame.sh).
    """

    global_palette = ImagePalette.raw("RGB", bytes(np.repeat(np.arange(256, dtype=np.uint8), 3)))

    def _is_palette_needed(self, p: bytes) -> bool:
        return True


def register_gif_opener() -> None:
    """Let Pillow open every GIF of this process as a `GifFile`."""
    Image.register_open(GifFile.format, GifFile, GifImagePlugin._accept)


def palette_of(image: Image.Image) -> NDArray[np.uint8] | None:
    """The colours of an image, (n, 3) uint8 RGB, or None if they are more than a GIF can hold."""
    colours = image.convert("RGBA").getcolors(_MOST_COLOURS)
    shown = {rgba[:3] for _, rgba in colours or () if isinstance(rgba, tuple) and rgba[3] >= _TRANSPARENT_BELOW}
    return np.array(sorted(shown), np.uint8) if shown else None


def indexed(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8] | None, kept: NDArray[np.uint8]) -> Image.Image:
    """An image of mode P that shows each pixel whose colour is ``kept`` (n, 3) exactly, and others in similar colours.

    ``pixels`` are (H, W, 3), ``alpha`` is (H, W), both uint8.
    """
    clear = None if alpha is None else alpha < _TRANSPARENT_BELOW
    has_clear = clear is not None and bool(clear.any())
    codes, kept_codes = _codes(pixels), _codes(kept)
    order = np.argsort(kept_codes)
    index = order[np.searchsorted(kept_codes, codes, sorter=order).clip(max=len(kept) - 1)].astype(np.uint8)
    is_new = kept_codes[index] != codes
    palette = kept
    if is_new.any():
        new = Image.fromarray(pixels[is_new][None])
        free = _MOST_COLOURS - len(kept) - has_clear
        if free > 0:
            added = np.asarray(new.quantize(free).convert("RGB"))[0]
            palette = np.concatenate([kept, np.unique(added, axis=0)])
        index[is_new] = np.asarray(new.quantize(palette=_image([[0]], palette), dither=Image.Dither.NONE))[0]
    if has_clear:
        index[clear] = len(palette)
        palette = np.concatenate([palette, np.zeros((1, 3), np.uint8)])
    image = _image(index, palette)
    if has_clear:
        image.info["transparency"] = len(palette) - 1
    return image


def _codes(colours: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """One number for each colour of the last axis."""
    codes: NDArray[np.uint32] = (colours.astype(np.uint32) << _RGB_SHIFT).sum(axis=-1, dtype=np.uint32)
    return codes


def _image(index: NDArray[np.uint8] | list[list[int]], palette: NDArray[np.uint8]) -> Image.Image:
    image = Image.fromarray(np.asarray(index, np.uint8))
    image.putpalette(palette.tobytes())
    return image

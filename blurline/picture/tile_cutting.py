"""Cuts pictures into tiles, in the layout of `blurline.picture.tile_index`."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import BinaryIO
from zipfile import ZIP_STORED, ZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.picture.colour_rendering import looks_foreign
from blurline.picture.photo import Frame
from blurline.picture.preview import appearance, profile_of
from blurline.picture.tile_index import SIZES_NAME, TILE_PX, TilePlace, top_level

_QUALITY = 90
_THREADS = min(os.cpu_count() or 1, 4)
_BAND_PX = 2 * TILE_PX


def cut_tiles(frames: Sequence[Frame], file: BinaryIO) -> None:
    """Write the tiles of all frames into an open file. Threads encode the tiles of a row."""
    with ZipFile(file, "w", ZIP_STORED) as written, ThreadPoolExecutor(_THREADS) as threads:
        for number, frame in enumerate(frames):
            pixels, profile = _shown(frame), profile_of(frame)
            for level in range(top_level(frame.width_px, frame.height_px), -1, -1):
                for row, tiles in enumerate(_rows(pixels)):
                    for column, tile in enumerate(threads.map(partial(_jpeg, profile=profile), tiles)):
                        written.writestr(TilePlace(number, level, column, row).name, tile)
                pixels = _halved(pixels)
        written.writestr(SIZES_NAME, json.dumps([_entry(frame) for frame in frames]))


def _entry(frame: Frame) -> list[object]:
    """Width and height, and where the frame lies in a sphere if it certainly does."""
    size, sphere = [frame.width_px, frame.height_px], frame.sphere
    if sphere is None or not sphere.is_certain:
        return [*size]
    return [*size, [sphere.full_width_px, sphere.full_height_px, sphere.left_px, sphere.top_px]]


def _shown(frame: Frame) -> NDArray[np.uint8]:
    """The pixels as a preview shows them, made in bands: some need a multiple of the frame's memory."""
    if frame.levels16 is not None or not (frame.is_transparent or looks_foreign(frame.colour)):
        return appearance(frame)
    shown = np.empty_like(frame.pixels)
    for top in range(0, frame.height_px, _BAND_PX):
        band = slice(top, top + _BAND_PX)
        alpha = frame.alpha[band] if frame.alpha is not None else None
        shown[band] = appearance(Frame(frame.pixels[band], alpha, colour=frame.colour))
    return shown


def _rows(pixels: NDArray[np.uint8]) -> Iterator[list[NDArray[np.uint8]]]:
    height, width = pixels.shape[:2]
    for top in range(0, height, TILE_PX):
        row = pixels[top : top + TILE_PX]
        yield [row[:, left : left + TILE_PX] for left in range(0, width, TILE_PX)]


def _halved(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Half the size, rounded up: each pixel is the mean of four."""
    height, width = pixels.shape[:2]
    halved = np.empty(((height + 1) // 2, (width + 1) // 2, 3), np.uint8)
    for top in range(0, height, _BAND_PX):
        band = Image.fromarray(pixels[top : top + _BAND_PX]).reduce(2)
        halved[top // 2 : top // 2 + band.height] = np.asarray(band)
    return halved


def _jpeg(pixels: NDArray[np.uint8], profile: bytes | None) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "JPEG", quality=_QUALITY, icc_profile=profile)
    return file.getvalue()

"""The gain map of a result: the same faces destroyed, joined to the main picture, and checked in the written file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.box import Box, Face
from blurline.errors import OutputCheckFailed
from blurline.picture.decoded_frame import TRANSPOSE_TO_UPRIGHT
from blurline.picture.destroy import destroy
from blurline.picture.formats import gain_map as numbers
from blurline.picture.formats import jpeg
from blurline.picture.formats.multi_picture import ISO_GAIN_MAP, joined, separated
from blurline.picture.gain_map import GainMap, encoded_map
from blurline.picture.metadata import Metadata
from blurline.picture.noise import noise_of
from blurline.picture.photo import Frame, Photo, PictureNote
from blurline.policy import Policy, Style

_CELL_PX = 8  # a block of the map's JPEG
_MOST_MEAN_LEVELS = 24.0

HDR_SHOWS_FACE = PictureNote(
    "hdr_reduced",
    "The gain map for HDR displays was removed, because it may show a face that the picture itself does not show.",
)


def upright_map(gain_map: GainMap, orientation: int) -> GainMap:
    """The map, turned as the main picture is by its EXIF orientation."""
    transpose = TRANSPOSE_TO_UPRIGHT.get(orientation)
    if transpose is None:
        return gain_map
    return replace(gain_map, pixels=np.asarray(Image.fromarray(gain_map.pixels).transpose(transpose)))


def redacted_map(
    photo: Photo, gain_map: GainMap, faces: tuple[Face, ...], policy: Policy, key: bytes | None
) -> GainMap:
    """The upright map with one average at each destroyed place, grown by a cell of the map."""
    pixels = gain_map.pixels if gain_map.pixels.ndim == 3 else gain_map.pixels[:, :, None]
    always = [region.box(photo.width_px, photo.height_px) for region in policy.always_regions]
    one_average = Policy(style=Style.SOLID, padding=policy.padding)
    noise = None if key is None else noise_of(Frame(pixels), key)
    found = tuple(Face(_in_map(face.box, photo, gain_map), 1.0) for face in faces)
    kept = one_average.model_copy(update={"keep_regions": policy.keep_regions})
    pixels = destroy(pixels, found, kept, noise)
    covered = tuple(Face(_in_map(box, photo, gain_map), 1.0) for box in always)
    pixels = destroy(pixels, covered, one_average, noise)
    return replace(gain_map, pixels=pixels if gain_map.pixels.ndim == 3 else pixels[:, :, 0])


def with_map(data: bytes, gain_map: GainMap, metadata: Metadata) -> bytes:
    """The written JPEG with the map behind it, an index, and what announces the map in its metadata."""
    second = encoded_map(gain_map)
    has_properties = bool(gain_map.numbers.hdrgm)
    packet = (
        metadata.written_xmp(numbers.announcement(), numbers.directory(len(second)))
        if has_properties
        else metadata.written_xmp()
    )
    return joined(data, second, packet, has_iso_version=gain_map.numbers.iso is not None)


def check_map(written: GainMap | None, meant: GainMap | None) -> None:
    """Raise OutputCheckFailed unless the written file's map has the numbers that were meant, and shows its pixels: in
    each cell, the mean may differ by `_MOST_MEAN_LEVELS`."""
    if (
        written is None
        or meant is None
        or written.pixels.shape != meant.pixels.shape
        or written.numbers != meant.numbers
    ):
        raise OutputCheckFailed("The written file lacks its gain map, or has a different one.")
    if np.abs(_cells(written.pixels) - _cells(meant.pixels)).max(initial=0) > _MOST_MEAN_LEVELS:
        raise OutputCheckFailed("The gain map of the written file differs from the one that was meant.")


def without_map(data: bytes) -> tuple[bytes, list[str]]:
    """The main picture of a written file, and the names of unwanted parts of its map and around it."""
    try:
        first, second = separated(data)
        found, trailing = jpeg.segments(second)
    except ValueError:
        return data, ["parts beside the gain map"]
    plain = [each for each in found if not each.payload.startswith(ISO_GAIN_MAP)]
    names = jpeg.foreign_parts(b"\xff\xd8" + b"".join(each.written for each in plain) + b"\xff\xd9")
    names += [f"segment {each.marker:02X}" for each in found if each.payload.startswith(jpeg.EXIF)]
    return first, [f"{name} in the gain map" for name in names + ["bytes after the end"] * bool(trailing)]


def _in_map(box: Box, photo: Photo, gain_map: GainMap) -> Box:
    across, down = gain_map.width_px / photo.width_px, gain_map.height_px / photo.height_px
    return Box(
        box.x1 * across - _CELL_PX, box.y1 * down - _CELL_PX, box.x2 * across + _CELL_PX, box.y2 * down + _CELL_PX
    )


def _cells(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(Image.fromarray(pixels).reduce(_CELL_PX), np.float32)

"""The gain map of a JPEG: a small picture behind the main one, from which HDR displays compute a brighter rendition.

A map shows faces in outline, so faces are destroyed in it as in the main picture. Its file is never copied: the pixels
are encoded again, with their numbers alone.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from blurline.errors import PictureError
from blurline.limits import Limits
from blurline.picture.colour_profile import clean_profile
from blurline.picture.formats.gain_map import GainMapNumbers, is_named_gain_map, read_numbers
from blurline.picture.formats.jpeg import XMP, Segment, header, segments
from blurline.picture.formats.multi_picture import ISO_GAIN_MAP, further_pictures, with_head
from blurline.picture.part_limits import check_parts

_APP1, _APP2 = 0xE1, 0xE2
_START = b"\xff\xd8\xff"
_QUALITY = 95
_TOLERANCE_PX, _TOLERANCE = 2, 0.02


@dataclass(frozen=True, slots=True)
class GainMap:
    """A decoded gain map. ``pixels``: (h, w) or (h, w, 3) uint8, turned as the compressed data of the main picture.

    ``quantization`` and ``subsampling`` (Pillow's 0, 1, 2) are those of its source.
    """

    pixels: NDArray[np.uint8]
    numbers: GainMapNumbers
    icc_profile: bytes | None = None
    quantization: list[list[int]] | None = None
    subsampling: int = 0

    @property
    def width_px(self) -> int:
        """Width as stored."""
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        """Height as stored."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class FurtherPictures:
    """What follows the main picture of a JPEG: its gain map, and whether a map is lost because it cannot be read."""

    gain_map: GainMap | None = None
    has_lost_map: bool = False

    @property
    def maps(self) -> int:
        """The number of gain maps, readable or not."""
        return (self.gain_map is not None) + self.has_lost_map


def read_further_pictures(data: bytes, width_px: int, height_px: int, limits: Limits) -> FurtherPictures:
    """Read what follows the main picture, whose stored size is given. A map must have its shape, and no more pixels."""
    if data.find(_START, len(header(data))) < 0:
        return FurtherPictures()
    result = FurtherPictures()
    for file in further_pictures(data):
        try:
            check_parts(file, limits)
            found, _ = segments(file)
        except (PictureError, ValueError):
            continue
        xmp, iso = _payload(found, _APP1, XMP) or b"", _payload(found, _APP2, ISO_GAIN_MAP)
        if not is_named_gain_map(xmp, iso):
            continue
        if result.gain_map is None and (read := _read(file, read_numbers(xmp, iso), width_px, height_px)):
            result = replace(result, gain_map=read)
        else:
            result = replace(result, has_lost_map=True)
    return result


def encoded_map(gain_map: GainMap) -> bytes:
    """A new JPEG file with the map's pixels and numbers."""
    options = (
        {"quality": _QUALITY, "subsampling": gain_map.subsampling}
        if gain_map.quantization is None
        else {"qtables": gain_map.quantization, "subsampling": gain_map.subsampling}
    )
    file = io.BytesIO()
    Image.fromarray(gain_map.pixels).save(file, "JPEG", icc_profile=gain_map.icc_profile, **options)
    added = []
    packet = gain_map.numbers.written_xmp()
    if packet is not None:
        added.append(Segment(_APP1, XMP + packet))
    if gain_map.numbers.iso is not None:
        added.append(Segment(_APP2, ISO_GAIN_MAP + gain_map.numbers.iso))
    return with_head(file.getvalue(), added)


def _read(file: bytes, numbers: GainMapNumbers, width_px: int, height_px: int) -> GainMap | None:
    if not numbers:
        return None
    try:
        with JpegImagePlugin.JpegImageFile(io.BytesIO(file)) as image:
            width, height = image.size
            odd_px = abs(width - height * width_px / height_px)
            is_of_shape = odd_px <= _TOLERANCE_PX + _TOLERANCE * width
            is_small = width <= width_px and height <= height_px
            if image.mode not in ("L", "RGB") or not is_of_shape or not is_small:
                return None
            sampling = JpegImagePlugin.get_sampling(image)
            profile = image.info.get("icc_profile")
            return GainMap(
                np.array(image),
                numbers,
                clean_profile(profile) if profile else None,
                tables_in_order(image),
                max(0, sampling),
            )
    except Exception:  # Pillow raises many types for damaged files
        return None


def tables_in_order(image: JpegImagePlugin.JpegImageFile) -> list[list[int]] | None:
    """The quantisation tables, in the order in which the components use them; None if they cannot be written so."""
    layers: list[tuple[int, int, int, int]] = getattr(image, "layer", [])
    ids = list(dict.fromkeys(layer[3] for layer in layers))
    if not 1 <= len(ids) <= 2 or any(number not in image.quantization for number in ids):
        return None
    return [list(image.quantization[number]) for number in ids]


def _payload(found: Sequence[Segment], marker: int, prefix: bytes) -> bytes | None:
    for each in found:
        if each.marker == marker and each.payload.startswith(prefix):
            return each.payload.removeprefix(prefix)
    return None

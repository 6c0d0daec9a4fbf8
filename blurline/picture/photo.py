"""A decoded picture: upright frames, and what is needed to write a file like the source."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from blurline.picture.colour import UNTAGGED, Colour
from blurline.picture.colour_rendering import as_srgb, looks_foreign
from blurline.picture.facts import PictureFacts
from blurline.picture.gain_map import GainMap
from blurline.picture.halftone import smoothed
from blurline.picture.metadata import Metadata, Raster
from blurline.picture.projection import Layout, Sphere


class Format(StrEnum):
    """File formats, by Pillow's names."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    AVIF = "AVIF"
    TIFF = "TIFF"
    GIF = "GIF"
    BMP = "BMP"
    HEIC = "HEIF"

    @property
    def media_type(self) -> str:
        """The registered media type."""
        return f"image/{'heic' if self is Format.HEIC else self.value.lower()}"

    @property
    def extension(self) -> str:
        """The usual file extension, without the dot."""
        return {Format.JPEG: "jpg", Format.TIFF: "tif", Format.HEIC: "heic"}.get(self, self.value.lower())

    @property
    def written_as(self) -> Format:
        """The format of the result, unless the policy names another."""
        return Format.JPEG if self is Format.HEIC else self


ANIMATED = frozenset({Format.PNG, Format.WEBP, Format.AVIF, Format.GIF})
"""Formats with animation frames; frames of a TIFF are pages."""

SWAPS_SIDES = frozenset({5, 6, 7, 8})
"""EXIF orientations whose stored picture has the width of the upright one as its height."""

WITH_ALPHA = frozenset({Format.PNG, Format.WEBP, Format.AVIF, Format.TIFF, Format.GIF})


@dataclass(frozen=True, slots=True)
class PictureNote:
    """A remark about a result for its owner."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame or page. ``pixels``: (H, W, 3) uint8 RGB, upright. ``alpha``: (H, W) uint8.

    ``levels16``: (H, W) uint16, the grey levels of a 16-bit picture; ``pixels`` has their upper 8 bits.
    ``duration_ms``: how long an animation shows the frame. ``is_grey``: the frame has one colour channel. ``sphere``:
    where it lies in a sphere, if it is a 360 degree picture. ``colour``: what the numbers mean.
    ``palette``: (n, 3) uint8, the colours of the frame of a GIF, if it has at most 256.
    """

    pixels: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None = None
    levels16: NDArray[np.uint16] | None = None
    duration_ms: float | None = None
    is_grey: bool = False
    sphere: Sphere | None = None
    colour: Colour = UNTAGGED
    palette: NDArray[np.uint8] | None = None

    @property
    def is_transparent(self) -> bool:
        """Whether any pixel is not fully opaque."""
        return self.alpha is not None and bool(self.alpha.min() < 255)

    @property
    def appearances(self) -> list[NDArray[np.uint8]]:
        """Every way in which the frame may be seen, each (H, W, 3) RGB: its `renderings`, and those of two levels also
        without their dots."""
        shown = self.renderings
        return [*shown, *(each for pixels in shown for each in smoothed(pixels))]

    @property
    def renderings(self) -> list[NDArray[np.uint8]]:
        """Every way in which a screen may show the frame, each (H, W, 3) RGB.

        A transparent frame also appears over white and over black, since transparency may draw a face or hide one. A
        16-bit frame also appears with stretched levels, since a face may lie in bits that ``pixels`` lacks. Numbers
        that mean something far from sRGB (PQ, linear light) also appear as what they mean.
        """
        if self.levels16 is not None:
            return [self.pixels, _stretched(self.levels16)]
        seen = [self.pixels, as_srgb(self.pixels, self.colour)] if looks_foreign(self.colour) else [self.pixels]
        if self.alpha is None or not self.is_transparent:
            return seen
        share = self.alpha[:, :, None].astype(np.float32) / 255
        over_black = seen[-1] * share
        return [*seen, (over_black + 255 * (1 - share)).astype(np.uint8), over_black.astype(np.uint8)]

    @property
    def width_px(self) -> int:
        """Width of the upright frame."""
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        """Height of the upright frame."""
        return int(self.pixels.shape[0])


def _stretched(levels16: NDArray[np.uint16]) -> NDArray[np.uint8]:
    low, high = np.percentile(levels16, [0.1, 99.9])
    grey = ((levels16 - low) / max(high - low, 1) * 255).clip(0, 255).astype(np.uint8)
    return np.stack([grey] * 3, axis=2)


def is_same(one: Frame, other: Frame) -> bool:
    """Whether two frames are identical, apart from their durations."""
    pairs = [(one.pixels, other.pixels), (one.alpha, other.alpha), (one.levels16, other.levels16)]
    return all(
        first is second or (first is not None and second is not None and np.array_equal(first, second))
        for first, second in pairs
    )


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the source file is encoded, as far as the result follows it.

    ``source_profile``: a profile that says what the compressed data means. ``colour_chunks``: what a PNG says beside
    it. ``quantization`` (tables in the order in which components use them) and ``progressive`` are for JPEG;
    ``subsampling`` (Pillow's 0, 1, 2) for JPEG and AVIF; ``lossless`` for WebP; ``compression`` for TIFF; ``loops`` for
    animations (0 is forever); ``is_poster``: the first frame is shown only where animations are not supported.
    """

    format: Format
    source_profile: bytes | None = None
    colour_chunks: tuple[tuple[bytes, bytes], ...] = ()
    dpi: tuple[float, float] | None = None
    quantization: list[list[int]] | None = None
    subsampling: int = 0
    progressive: bool = False
    lossless: bool = False
    compression: str | None = None
    loops: int | None = None
    is_poster: bool = False


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded picture. Identical consecutive frames of an animation are merged into one with a longer duration.

    ``facts``: what the file has. ``data`` is the source file; ``orientation`` the EXIF orientation of its compressed
    data (1 where the container or the decoder has already rotated it). ``layout``: what the pixels of the first frame
    show. ``gain_map``: of a JPEG, turned as its compressed data.
    """

    frames: tuple[Frame, ...]
    encoding: Encoding
    metadata: Metadata = field(default_factory=Metadata)
    facts: PictureFacts = field(default_factory=PictureFacts)
    data: bytes = b""
    orientation: int = 1
    layout: Layout = Layout.FLAT
    gain_map: GainMap | None = None

    @property
    def raster(self) -> Raster:
        """What an EXIF block says about the source's compressed data."""
        width_px, height_px = (self.width_px, self.height_px)
        if self.orientation in SWAPS_SIDES:
            width_px, height_px = height_px, width_px
        has_profile = self.encoding.source_profile is not None
        return Raster(width_px, height_px, self.frames[0].is_grey, has_profile, self.encoding.dpi)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The first frame's pixels, (H, W, 3) RGB."""
        return self.frames[0].pixels

    @property
    def width_px(self) -> int:
        """Width of the first frame."""
        return self.frames[0].width_px

    @property
    def height_px(self) -> int:
        """Height of the first frame."""
        return self.frames[0].height_px


@dataclass(frozen=True, slots=True)
class Header:
    """What a file's header says before decoding: size of the upright first frame in pixels, number of frames, and the
    pixels of all frames."""

    format: Format
    width_px: int
    height_px: int
    frames: int
    pixels: int

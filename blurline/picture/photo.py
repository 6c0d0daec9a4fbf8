"""A decoded picture: upright frames, and everything needed to write the file as it came."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from blurline.picture.metadata import Metadata


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
        """The usual extension of a file's name, without the dot."""
        return {Format.JPEG: "jpg", Format.TIFF: "tif", Format.HEIC: "heic"}.get(self, self.value.lower())

    @property
    def written_as(self) -> Format:
        """The format that a picture of this one is written in, where the policy names no other."""
        return Format.JPEG if self is Format.HEIC else self


ANIMATED = frozenset({Format.PNG, Format.WEBP, Format.AVIF, Format.GIF})
"""Formats whose frames follow each other in time; those of TIFF are pages."""

WITH_ALPHA = frozenset({Format.PNG, Format.WEBP, Format.AVIF, Format.TIFF, Format.GIF})


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a result that its owner should know."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame or page. ``pixels``: (H, W, 3) uint8 RGB, upright. ``alpha``: (H, W) uint8.

    ``levels16``: (H, W) uint16, the grey levels of a 16-bit picture, of which ``pixels`` holds the upper 8 bits.
    ``duration_ms``: how long an animation shows it. ``is_grey``: it has one colour channel.
    """

    pixels: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None = None
    levels16: NDArray[np.uint16] | None = None
    duration_ms: float | None = None
    is_grey: bool = False

    @property
    def is_transparent(self) -> bool:
        """Whether any pixel is not wholly opaque."""
        return self.alpha is not None and bool(self.alpha.min() < 255)

    @property
    def appearances(self) -> list[NDArray[np.uint8]]:
        """Every way the frame may be seen, each (H, W, 3) RGB: a transparent one also over white and over black,
        because a face may be drawn by the transparency alone, or be hidden under it; one of 16 bits also with its
        range of levels stretched, because all of it may lie in bits that ``pixels`` has not."""
        if self.levels16 is not None:
            return [self.pixels, _stretched(self.levels16)]
        if self.alpha is None or not self.is_transparent:
            return [self.pixels]
        share = self.alpha[:, :, None].astype(np.float32) / 255
        seen = self.pixels * share
        return [self.pixels, (seen + 255 * (1 - share)).astype(np.uint8), seen.astype(np.uint8)]

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
    """Whether two frames look alike to the last bit, however long they are shown."""
    pairs = [(one.pixels, other.pixels), (one.alpha, other.alpha), (one.levels16, other.levels16)]
    return all(
        first is second or (first is not None and second is not None and np.array_equal(first, second))
        for first, second in pairs
    )


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the source file was written, as far as the result is to be written alike.

    ``source_profile``: the profile of the compressed data, where `icc_profile` would not fit the pixels (CMYK).
    ``quantization`` (tables in the order in which components use them), ``subsampling`` (Pillow's 0, 1, 2) and
    ``progressive`` concern JPEG; ``lossless`` WebP; ``compression`` TIFF; ``loops`` animations (0 is for ever),
    ``is_poster`` those whose first frame is shown only where animations are not.
    """

    format: Format
    icc_profile: bytes | None = None
    source_profile: bytes | None = None
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
    """A decoded picture; of frames that repeat the one before, an animation keeps the one, shown longer.

    ``data`` is the file that it came from; ``orientation`` the EXIF orientation that its compressed data is stored in
    (1 where the container or the decoder has turned it already).
    """

    frames: tuple[Frame, ...]
    encoding: Encoding
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[Note, ...] = ()
    data: bytes = b""
    orientation: int = 1

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
    """What a file says of itself before decoding: size of the upright first frame in pixels, number of frames, and
    the pixels of all of them."""

    format: Format
    width_px: int
    height_px: int
    frames: int
    pixels: int

"""Opening a photograph: content decides the format, the header is checked before a pixel is decoded, and
what comes out is upright RGB with everything needed to write the file as it came."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from blurline.errors import EmptyFile, PictureTooLarge, TooManyFrames, UnreadablePicture, UnsupportedFormat
from blurline.limits import Limits

Format = Literal["JPEG", "PNG", "WEBP"]
FORMATS: tuple[Format, ...] = ("JPEG", "PNG", "WEBP")
MEDIA_TYPES: dict[Format, str] = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
EXTENSIONS: dict[Format, str] = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}

_ORIENTATION_TAG = 0x0112
_TRANSPOSE_TO_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPS_SIDES = {5, 6, 7, 8}
_DEEP_MODES = {"I;16", "I;16B", "I"}
_GREY_MODES = {"1", "L", "LA"} | _DEEP_MODES

Image.MAX_IMAGE_PIXELS = None  # our own limit is checked from the header instead of a warning half-way


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the source file was written, as far as the result is to be written alike.

    ``grey``: the picture has one channel. ``alpha``: (H, W) uint8 or None. ``quantization``,
    ``subsampling`` (Pillow's 0, 1, 2) and ``progressive`` concern JPEG; ``lossless`` WebP.
    """

    format: Format
    grey: bool = False
    alpha: NDArray[np.uint8] | None = None
    icc_profile: bytes | None = None
    dpi: tuple[float, float] | None = None
    quantization: dict[int, list[int]] | None = None
    subsampling: int = 0
    progressive: bool = False
    lossless: bool = False


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photograph. ``pixels``: (H, W, 3) uint8 RGB, upright."""

    pixels: NDArray[np.uint8]
    encoding: Encoding

    @property
    def appearances(self) -> list[NDArray[np.uint8]]:
        """Every way the picture may be seen, each (H, W, 3) RGB: a transparent one also over white and over black,
        because a face may be drawn by the transparency alone, or be hidden under it."""
        alpha = self.encoding.alpha
        if alpha is None or alpha.min() == 255:
            return [self.pixels]
        share = alpha[:, :, None].astype(np.float32) / 255
        seen = self.pixels * share
        return [self.pixels, (seen + 255 * (1 - share)).astype(np.uint8), seen.astype(np.uint8)]

    @property
    def width_px(self) -> int:
        """Width of the upright picture."""
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        """Height of the upright picture."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself before decoding: size of the upright picture in pixels."""

    format: Format
    width_px: int
    height_px: int

    @property
    def pixels(self) -> int:
        """How many pixels the picture has."""
        return self.width_px * self.height_px


def read_header(data: bytes, limits: Limits | None = None) -> Header:
    """Identify the content and check it against the limits, without decoding.

    Raises EmptyFile, UnsupportedFormat, UnreadablePicture, TooManyFrames, PictureTooLarge.
    """
    with _open(data, limits or Limits()) as image:
        width, height = image.size
        if _orientation(image) in _SWAPS_SIDES:
            width, height = height, width
        return Header(_format(image), width, height)


def open_photo(data: bytes, limits: Limits | None = None) -> Photo:
    """Decode to upright RGB. Raises what `read_header` raises; a file cut short is UnreadablePicture."""
    with _open(data, limits or Limits()) as image:
        try:
            image.load()
        except Exception as error:
            raise UnreadablePicture(
                f"The {_format(image)} picture is damaged or cut short and cannot be decoded ({error}). "
                "Export or upload it again."
            ) from error
        transpose = _TRANSPOSE_TO_UPRIGHT.get(_orientation(image))
        upright = image.transpose(transpose) if transpose is not None else image
        alpha = np.array(upright.convert("RGBA").getchannel("A")) if image.has_transparency_data else None
        pixels = _rgb(upright)
        encoding = _encoding(image, alpha, rotated=_orientation(image) in _SWAPS_SIDES)
        if encoding.format == "WEBP":
            encoding = replace(encoding, lossless=_is_lossless_webp(data))
        return Photo(pixels, encoding)


def _open(data: bytes, limits: Limits) -> Image.Image:
    if not data:
        raise EmptyFile("The file is empty. Upload it again.")
    if len(data) > limits.file_bytes:
        raise PictureTooLarge(
            f"The file has {len(data) / 1e6:.1f} MB; at most {limits.file_bytes / 1e6:.0f} MB are accepted."
        )
    try:
        with _quiet():
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise UnsupportedFormat(
            "The content is not a JPEG, PNG or WebP picture, whatever its name says. Convert it to one of these."
        ) from error
    except Exception as error:
        raise UnreadablePicture(f"The picture's header is damaged ({error}). Export or upload it again.") from error
    width, height = image.size
    if width * height > limits.pixels:
        raise PictureTooLarge(
            f"The picture has {width} x {height} = {width * height / 1e6:.0f} megapixels; "
            f"at most {limits.pixels / 1e6:.0f} are accepted."
        )
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        raise TooManyFrames("The picture is animated; only still pictures are accepted. Export one frame.")
    return image


def _format(image: Image.Image) -> Format:
    for name in FORMATS:
        if image.format == name:
            return name
    return "JPEG"  # MPO, a JPEG followed by more pictures, of which none is written


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow warns of oddities in foreign EXIF; nobody could act on that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _rgb(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode == "RGB":
        return np.array(image)
    if image.mode in _DEEP_MODES:  # 16 bits a channel, which Pillow would clip instead of scale
        grey = (np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)
        return np.stack([grey] * 3, axis=2)
    return np.array(image.convert("RGB"))


def _is_lossless_webp(data: bytes) -> bool:
    """Whether the first picture chunk of the RIFF container is VP8L (RFC 9649)."""
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind in (b"VP8 ", b"VP8L"):
            return kind == b"VP8L"
        at += 8 + size + size % 2
    return False


def _orientation(image: Image.Image) -> int:
    try:
        with _quiet():
            value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # EXIF is foreign bytes and Pillow's parser raises many kinds; without it, upright
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _encoding(image: Image.Image, alpha: NDArray[np.uint8] | None, *, rotated: bool) -> Encoding:
    encoding = Encoding(
        format=_format(image),
        grey=image.mode in _GREY_MODES,
        alpha=alpha,
        icc_profile=image.info.get("icc_profile") if image.mode != "CMYK" else None,
        dpi=image.info.get("dpi"),
    )
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return encoding
    sampling = JpegImagePlugin.get_sampling(image)
    cannot_be_kept = sampling == -1 or (sampling == 1 and rotated)
    return replace(
        encoding,
        quantization=image.quantization if image.mode != "CMYK" else None,
        subsampling=0 if cannot_be_kept else sampling,
        progressive=bool(image.info.get("progressive")),
    )

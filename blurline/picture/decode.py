"""Decodes pictures to upright RGB frames. The content determines the format, and the header is checked before any pixel
is decoded."""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pi_heif
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from blurline.errors import (
    DecodedTooSlowly,
    EmptyFile,
    PictureTooLarge,
    UnreadablePicture,
    UnsupportedFormat,
)
from blurline.limits import Limits
from blurline.picture.formats import heif
from blurline.picture.formats.xmp import GPANO, read_properties
from blurline.picture.jpeg_end import completed
from blurline.picture.metadata import ORIENTATION, read_metadata, xmp_packet
from blurline.picture.part_limits import check_parts, too_many_frames
from blurline.picture.photo import SWAPS_SIDES, Format, Frame, Header, Photo, is_same
from blurline.picture.projection import Projection, projection_of
from blurline.picture.refusals import why_refused
from blurline.picture.source_encoding import DEEP_GREY, is_transparent, loss_notes, read_encoding

_TRANSPOSE_TO_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TURNED_BY_DECODER = {Format.TIFF, Format.HEIC}
_GREY_MODES = {"1", "L", "LA", "I", "F"} | DEEP_GREY

Image.MAX_IMAGE_PIXELS = None  # the header is checked against the settings' limit instead
pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def read_header(data: bytes, limits: Limits | None = None) -> Header:
    """Identify the format and check the header against the limits, without decoding.

    Raises EmptyFile, UnsupportedFormat, UnreadablePicture, TooManyFrames, PictureTooLarge.
    """
    with _open(data, limits or Limits()) as image:
        crop = _crop(image, data)
        width, height = (crop.width_px, crop.height_px) if crop else image.size
        if _orientation(image) in SWAPS_SIDES and _format(image) not in _TURNED_BY_DECODER:
            width, height = height, width
        frames = _frame_count(image)
        return Header(_format(image), width, height, frames, _pixel_count(image, frames))


def open_photo(data: bytes, limits: Limits | None = None, *, merges: bool = True) -> Photo:
    """Decode every frame to upright RGB. Raises what `read_header` raises; a truncated file is UnreadablePicture.

    With ``merges``, identical consecutive frames of an animation become one.
    """
    limits, started = limits or Limits(), time.monotonic()
    with _open_whole(data, limits) as image, _quiet():
        orientation, crop = _orientation(image), _crop(image, data)
        frames: list[Frame] = []
        notes = loss_notes(image, data, _frame_count(image))
        encoding = read_encoding(image, data, _format(image), swaps_sides=orientation in SWAPS_SIDES)
        metadata = read_metadata(image)
        try:
            count = _frame_count(image)
            for number in range(count):
                if count > 1:  # a HEIC opens at its main picture, which need not be the first
                    image.seek(number)
                image.load()
                frame = _frame(image, orientation, crop)
                has_poster = encoding.is_poster and len(frames) == 1
                if merges and frames and not has_poster and _repeats(frame, frames[-1]):
                    frame = replace(frame, duration_ms=(frames.pop().duration_ms or 0) + (frame.duration_ms or 0))
                frames.append(frame)
                _check_time(started, limits)
        except DecodedTooSlowly:
            raise
        except Exception as error:
            if refusal := why_refused(data):
                raise UnsupportedFormat(refusal) from error
            raise UnreadablePicture(
                f"The {_format(image)} picture is damaged or truncated and cannot be decoded ({error}). "
                "Export or upload it again."
            ) from error
        stored = 1 if encoding.format in _TURNED_BY_DECODER else orientation
        projection = Projection()
        if len(frames) == 1:  # `metadata` has only the properties that may pass
            projection = projection_of(read_properties(xmp_packet(image), GPANO), frames[0].pixels)
        seen = tuple(replace(frame, sphere=projection.sphere) for frame in frames)
        return Photo(seen, encoding, metadata, notes, data, stored, projection.layout)


def _open_whole(data: bytes, limits: Limits) -> Image.Image:
    """Like `_open`, with the end marker that a complete JPEG may lack."""
    image = _open(data, limits)
    whole = completed(data) if image.format in ("JPEG", "MPO") else data
    if whole is data:
        return image
    image.close()
    return _open(whole, replace(limits, file_bytes=len(whole)))


def _open(data: bytes, limits: Limits) -> Image.Image:
    if not data:
        raise EmptyFile("The file is empty. Upload it again.")
    if len(data) > limits.file_bytes:
        raise PictureTooLarge(f"The file has {len(data) / 1e6:.1f} MB; the limit is {limits.file_bytes / 1e6:.0f} MB.")
    check_parts(data, limits)
    try:
        with _quiet():
            image = Image.open(io.BytesIO(data), formats=tuple(Format))
            frames = _frame_count(image)
            pixels = _pixel_count(image, frames) if frames <= limits.frames else 0
    except UnidentifiedImageError as error:
        raise UnsupportedFormat(
            why_refused(data)
            or "The file is not a picture in a supported format, whatever its name. "
            "Convert it to JPEG, PNG, WebP, AVIF, HEIC, TIFF, GIF or BMP."
        ) from error
    except Exception as error:
        if refusal := why_refused(data):
            raise UnsupportedFormat(refusal) from error
        raise UnreadablePicture(f"The picture's header is damaged ({error}). Export or upload it again.") from error
    if frames > limits.frames:
        raise too_many_frames(limits)
    if pixels > limits.pixels:
        width, height = image.size
        many = f"{frames} frames of " if frames > 1 else ""
        raise PictureTooLarge(
            f"The picture has {many}{width} x {height}, together {pixels / 1e6:.0f} megapixels; "
            f"the limit is {limits.pixels / 1e6:.0f}."
        )
    return image


def _format(image: Image.Image) -> Format:
    return Format.JPEG if image.format == "MPO" else Format(image.format or "")


def _frame_count(image: Image.Image) -> int:
    """The number of frames to decode: all of an animation or document, one of a group of pictures."""
    return 1 if image.format in ("MPO", "HEIF") else getattr(image, "n_frames", 1)


def _pixel_count(image: Image.Image, frames: int) -> int:
    """The pixels of all frames; pages of a TIFF may differ in size."""
    if image.format != "TIFF":
        return image.width * image.height * frames
    total = 0
    for number in range(frames):
        image.seek(number)
        total += image.width * image.height
    image.seek(0)
    return total


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress Pillow's warnings about odd EXIF, which nobody could act on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _check_time(started: float, limits: Limits) -> None:
    if time.monotonic() - started > limits.decode_s:
        raise DecodedTooSlowly(
            f"Decoding the picture takes longer than the limit of {limits.decode_s:.0f} seconds. "
            "Export it again, smaller or with fewer frames."
        )


def _repeats(frame: Frame, before: Frame) -> bool:
    return frame.duration_ms is not None and is_same(before, frame)


def _crop(image: Image.Image, data: bytes) -> heif.Crop | None:
    """The crop of an AVIF, which Pillow does not apply; a HEIC's decoder does."""
    picture = heif.main_picture(data) if image.format == "AVIF" else None
    return picture.crop(*image.size) if picture else None


def _frame(image: Image.Image, orientation: int, crop: heif.Crop | None) -> Frame:
    transpose = _TRANSPOSE_TO_UPRIGHT.get(orientation)
    turned_already = _format(image) in _TURNED_BY_DECODER
    shown = image
    if crop is not None:  # the container applies it before it turns the picture
        edges = (crop.left_px, crop.top_px, crop.left_px + crop.width_px, crop.top_px + crop.height_px)
        shown = image.crop(edges)
    upright = shown if transpose is None or turned_already else shown.transpose(transpose)
    alpha = np.array(upright.convert("RGBA").getchannel("A")) if is_transparent(image) else None
    if alpha is not None and image.format == "BMP" and alpha.max() == 0:
        alpha = None  # many writers leave this field empty
    duration = image.info.get("duration")
    duration_ms = float(duration) if isinstance(duration, int | float) else None
    is_grey = image.mode in _GREY_MODES
    if upright.mode not in DEEP_GREY:
        return Frame(_rgb(upright), alpha, None, duration_ms, is_grey)
    levels16 = np.array(upright).astype(np.uint16) << np.uint16(max(0, 16 - _bits(image)))
    grey = (levels16 >> 8).astype(np.uint8)
    return Frame(np.stack([grey] * 3, axis=2), alpha, levels16 if alpha is None else None, duration_ms, is_grey)


def _bits(image: Image.Image) -> int:
    """Bits per channel of a deep grey picture; a TIFF may have 10, 12 or 14."""
    tags: Any = getattr(image, "tag_v2", {})
    return int(max(tags.get(258, (16,)), default=16)) if image.format == "TIFF" else 16


def _rgb(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode == "RGB":
        return np.asarray(image)
    if image.mode in ("I", "F"):  # values of any range, which Pillow would clip
        levels = np.asarray(image).astype(np.float64)
        known = levels[np.isfinite(levels)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
        scaled = np.nan_to_num((levels - low) / max(high - low, 1e-9), posinf=1, neginf=0).clip(0, 1) * 255
        return np.stack([scaled.astype(np.uint8)] * 3, axis=2)
    return np.asarray(image.convert("RGB"))


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation. Like browsers, this ignores XMP."""
    if image.format == "HEIF":
        return 1
    try:
        with _quiet():
            if image.format in ("TIFF", "PNG"):  # TIFF: its own tags; PNG: a block that may follow the pixels
                value = image.getexif().get(ORIENTATION, 1) if image.format == "TIFF" or _has_exif(image) else 1
            else:
                block = Image.Exif()
                block.load(image.info.get("exif", b""))
                value = block.get(ORIENTATION, 1)
    except Exception:  # Pillow's parser raises many types for untrusted EXIF; then assume upright
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _has_exif(image: Image.Image) -> bool:
    image.load()
    return "exif" in image.info

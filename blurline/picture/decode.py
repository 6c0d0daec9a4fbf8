"""Decodes pictures to upright RGB frames. The content determines the format, and the header is checked before any pixel
is decoded."""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pi_heif
from PIL import Image, UnidentifiedImageError

from blurline.errors import (
    DecodedTooSlowly,
    EmptyFile,
    PictureTooLarge,
    UnreadablePicture,
    UnsupportedFormat,
)
from blurline.limits import Limits
from blurline.picture.colour_reading import read_colour
from blurline.picture.decoded_frame import decoded_frame
from blurline.picture.facts import FrameFacts, PictureFacts, describe, describe_frame
from blurline.picture.formats import bmp, heif
from blurline.picture.formats.gif import register_gif_opener
from blurline.picture.formats.xmp import GPANO, read_properties
from blurline.picture.gain_map import FurtherPictures, read_further_pictures
from blurline.picture.jpeg_end import completed
from blurline.picture.metadata import ORIENTATION, read_metadata, xmp_packet
from blurline.picture.part_limits import check_parts, too_many_frames
from blurline.picture.photo import SWAPS_SIDES, Format, Frame, Header, Photo, is_same
from blurline.picture.projection import Projection, projection_of
from blurline.picture.refusals import why_refused
from blurline.picture.source_encoding import read_encoding
from blurline.picture.tiff_samples import check_page

_TURNED_BY_DECODER = {Format.TIFF, Format.HEIC}

Image.MAX_IMAGE_PIXELS = None  # the header is checked against the settings' limit instead
pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
register_gif_opener()


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
        described: list[FrameFacts] = []
        colour = read_colour(image, data)
        swaps_sides = orientation in SWAPS_SIDES
        encoding = read_encoding(image, data, _format(image), colour, swaps_sides=swaps_sides)
        metadata = read_metadata(image)
        stored = 1 if encoding.format in _TURNED_BY_DECODER else orientation
        try:
            count = _frame_count(image)
            for number in range(count):
                if count > 1:  # a HEIC opens at its main picture, which need not be the first
                    image.seek(number)
                if image.format == "TIFF":
                    check_page(image)
                    image.getexif()[ORIENTATION] = _orientation(image)  # Pillow would follow XMP where no tag says it
                    colour = read_colour(image, data)  # each page has its own
                image.load()
                frame = replace(decoded_frame(image, stored, crop), colour=colour)
                described.append(_described(image, data, frame, described))
                has_poster = encoding.is_poster and len(frames) == 1
                if merges and frames and not has_poster and _repeats(frame, frames[-1]):
                    frame = replace(frame, duration_ms=(frames.pop().duration_ms or 0) + (frame.duration_ms or 0))
                frames.append(frame)
                _check_time(started, limits)
        except (DecodedTooSlowly, UnsupportedFormat):
            raise
        except Exception as error:
            if refusal := why_refused(data):
                raise UnsupportedFormat(refusal) from error
            raise UnreadablePicture(
                f"The {_format(image)} picture is damaged or truncated and cannot be decoded ({error}). "
                "Export or upload it again."
            ) from error
        shown_ms = sum(frame.duration_ms or 0 for frame in frames)
        facts = describe(image, data, tuple(described), shown_ms, is_hdr=frames[0].colour.is_hdr)
        further = _further_pictures(image, data, limits)
        facts = _with_further_pictures(facts, further) if encoding.format is Format.JPEG else facts
        projection = Projection()
        if len(frames) == 1:  # `metadata` has only the properties that may pass
            projection = projection_of(read_properties(xmp_packet(image), GPANO), frames[0].pixels)
        seen = tuple(replace(frame, sphere=projection.sphere) for frame in frames)
        return Photo(seen, encoding, metadata, facts, data, stored, projection.layout, further.gain_map)


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
            whole = heif.uncropped(data) if data[4:8] == b"ftyp" and b"clap" in data else data
            image = Image.open(io.BytesIO(whole), formats=tuple(Format))
            if image.format == "BMP":
                image.info |= {"icc_profile": bmp.profile(data)}
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


def _further_pictures(image: Image.Image, data: bytes, limits: Limits) -> FurtherPictures:
    """The pictures behind the main one of a JPEG."""
    is_jpeg = _format(image) is Format.JPEG
    return read_further_pictures(data, *image.size, limits) if is_jpeg else FurtherPictures()


def _with_further_pictures(facts: PictureFacts, further: FurtherPictures) -> PictureFacts:
    """The facts of a JPEG: its index lists gain maps too, which are not shown by themselves."""
    return replace(facts, pictures=max(1, facts.pictures - further.maps))


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


def _described(image: Image.Image, data: bytes, frame: Frame, before: list[FrameFacts]) -> FrameFacts:
    """The facts of a frame; the frames of an animation share all but their transparency."""
    has_alpha = frame.alpha is not None
    if before and image.format != "TIFF":
        return replace(before[0], has_alpha=has_alpha, is_transparent=frame.is_transparent)
    return describe_frame(image, data, has_alpha=has_alpha, is_transparent=frame.is_transparent)


def _crop(image: Image.Image, data: bytes) -> heif.CleanAperture | None:
    """The crop of an AVIF, which Pillow does not apply, and of a HEIC, which was opened whole."""
    picture = heif.main_picture(data) if image.format in ("AVIF", "HEIF") else None
    if picture is None:
        return None
    return picture.crop(*image.size) if image.format == "AVIF" else picture.shown_crop


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation. Like browsers, this ignores XMP."""
    if image.format == "HEIF":
        return 1
    try:
        with _quiet():
            if image.format == "PNG":
                image.load()  # its block may follow the pixels
            block = Image.Exif()
            block.load(image.info.get("exif", b""))
            tags = getattr(image, "tag_v2", block)
            value = tags.get(ORIENTATION, 1)
    except Exception:  # Pillow's parser raises many types for untrusted EXIF; then assume upright
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1

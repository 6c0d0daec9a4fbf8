"""Writes a result: a new file from pixels and an allow-list, so that metadata, thumbnails and trailing bytes of the
source cannot pass."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from blurline.errors import PictureError
from blurline.picture.colour import SRGB_TRANSFER, VIDEO_TRANSFERS, Colour
from blurline.picture.formats import bmp, gif, heif, png
from blurline.picture.metadata import Metadata, Raster
from blurline.picture.photo import ANIMATED, WITH_ALPHA, Encoding, Format, Frame

_QUALITY_WITHOUT_TABLES = 95
_WEBP_QUALITY = 92
_AVIF_QUALITY = 90
_PNG_COMPRESS_LEVEL = 4  # of a photograph, two thirds of the time of 6, and 1 to 3 % more bytes
_SUBSAMPLING = ("4:4:4", "4:2:2", "4:2:0")
_XMP_TAG = 700
_KEPT_COMPRESSIONS = {"raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits"}
_WHITE = 255
_GREY_MODES = frozenset({"L", "LA", "I;16"})


class CannotBeWritten(PictureError):
    """The output format cannot hold the frames or pages of the picture."""

    code = "cannot_be_written"


def check_writable(frames: int, source: Format, wanted: Format) -> None:
    """Raise CannotBeWritten when the output format cannot hold the source's frames."""
    if frames > 1 and wanted is not source and not (source in ANIMATED and wanted in ANIMATED):
        kind = "frames" if source in ANIMATED else "pages"
        raise CannotBeWritten(
            f"A {source} picture of {frames} {kind} cannot be written as {wanted}. Use `output_format: same`, "
            "or submit them separately."
        )


def encode(frames: Sequence[Frame], encoding: Encoding, wanted: Format, metadata: Metadata) -> bytes:
    """Encode upright frames, already `flattened`, in the ``wanted`` format.

    Kept from the source: the meaning of the numbers, resolution, animation timing, for JPEG to JPEG quantisation
    tables and the progressive flag, and for JPEG and AVIF the chroma subsampling. ``metadata`` is written to new
    blocks; nothing else passes.
    """
    is_mixed = wanted in ANIMATED and not all(
        frame.is_grey for frame in frames
    )  # all frames of an animation have one mode
    images = [_image(replace(frame, is_grey=frame.is_grey and not is_mixed), wanted) for frame in frames]
    is_grey = {image.mode in _GREY_MODES for image in images}
    profiles = [
        frame.colour.profile(is_grey=image.mode in _GREY_MODES) for frame, image in zip(frames, images, strict=True)
    ]
    raster = Raster(*images[0].size, is_grey == {True}, profiles[0] is not None, encoding.dpi)
    options: dict[str, Any] = _options(encoding, wanted, metadata, raster)
    if wanted not in (Format.BMP, Format.GIF):
        options["icc_profile"] = _file_profile(profiles[0], frames[0].colour, encoding, wanted)
        for image, profile in zip(images[1:], profiles[1:], strict=True):
            if wanted is Format.TIFF:
                image.encoderinfo = {"icc_profile": profile}  # each page has its own
    if len(images) > 1:
        options |= {"save_all": True, "append_images": images[1:]}
        if wanted in ANIMATED:
            options |= _animation(frames, encoding, wanted)
    file = io.BytesIO()
    images[0].save(file, wanted.value, **options)
    return _with_colour(file.getvalue(), frames[0].colour, encoding, wanted)


def is_lossless(encoding: Encoding, wanted: Format) -> bool:
    """Whether `encode` keeps every pixel of a picture from this source."""
    if wanted is Format.WEBP:
        return encoding.lossless or encoding.format in (Format.PNG, Format.GIF, Format.BMP)
    return wanted in (Format.PNG, Format.TIFF, Format.BMP)


def flattened(frame: Frame, wanted: Format) -> Frame:
    """The frame, over white if the ``wanted`` format has no transparency."""
    if frame.alpha is None or wanted in WITH_ALPHA:
        return frame
    share = frame.alpha[:, :, None].astype(np.float32) / 255
    pixels = np.rint(frame.pixels * share + _WHITE * (1 - share)).astype(np.uint8)
    return replace(frame, pixels=pixels, alpha=None)


def _image(frame: Frame, wanted: Format) -> Image.Image:
    if frame.levels16 is not None and wanted in (Format.PNG, Format.TIFF):
        return Image.fromarray(frame.levels16)
    if wanted is Format.GIF and frame.palette is not None and not frame.is_grey:
        return gif.indexed(frame.pixels, frame.alpha, frame.palette)
    image = Image.fromarray(frame.pixels)
    if frame.is_grey and wanted is not Format.AVIF and wanted is not Format.WEBP:
        image = image.convert("L")
    if frame.alpha is not None:
        if wanted is Format.GIF:
            image = image.convert("RGB")
        image.putalpha(Image.fromarray(frame.alpha))
    return image


def _options(encoding: Encoding, wanted: Format, metadata: Metadata, raster: Raster) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if encoding.dpi is not None and wanted in (Format.JPEG, Format.PNG, Format.TIFF, Format.BMP):
        options["dpi"] = encoding.dpi
    if wanted not in (Format.GIF, Format.BMP):
        options |= _metadata(metadata, wanted, raster)
    if wanted is Format.JPEG:
        options |= _jpeg(encoding)
    elif wanted is Format.PNG:
        options["compress_level"] = _PNG_COMPRESS_LEVEL
    elif wanted is Format.WEBP:
        options |= {"lossless": is_lossless(encoding, wanted), "quality": _WEBP_QUALITY, "method": 4, "exact": True}
    elif wanted is Format.AVIF:
        options |= {"quality": _AVIF_QUALITY, "subsampling": _SUBSAMPLING[encoding.subsampling]}
    elif wanted is Format.TIFF:
        known = encoding.compression in _KEPT_COMPRESSIONS
        options["compression"] = encoding.compression if known else "tiff_adobe_deflate"
    return options


def _file_profile(profile: bytes | None, colour: Colour, encoding: Encoding, wanted: Format) -> bytes | None:
    """The profile of the file. A PNG keeps that of its source beside chunks that take precedence."""
    if wanted is Format.PNG and encoding.format is Format.PNG:
        return encoding.source_profile
    return None if wanted is Format.AVIF and colour.cicp is not None else profile


def _with_colour(data: bytes, colour: Colour, encoding: Encoding, wanted: Format) -> bytes:
    """The file with what says the meaning of its numbers beside a profile."""
    if wanted is Format.PNG and encoding.format is Format.PNG:
        return png.with_chunks(data, list(encoding.colour_chunks))
    if wanted is Format.PNG and colour.cicp is not None and not colour.is_srgb:
        transfer = SRGB_TRANSFER if colour.cicp.transfer in VIDEO_TRANSFERS else colour.cicp.transfer
        code = bytes([colour.cicp.primaries, transfer, 0, colour.cicp.is_full_range])
        return png.with_chunks(data, [(b"cICP", code)])
    if wanted is Format.BMP and colour.calibration is not None:
        return bmp.with_calibration(data, colour.calibration.chromaticities, colour.calibration.gamma)
    if wanted is Format.BMP and colour.icc is not None:
        return bmp.with_profile(data, colour.icc)
    if wanted is Format.AVIF and colour.cicp is not None:
        return heif.with_code_points(data, colour.cicp.primaries, colour.cicp.transfer)
    return data


def _metadata(metadata: Metadata, wanted: Format, raster: Raster) -> dict[str, Any]:
    options: dict[str, Any] = {}
    xmp = metadata.written_xmp()
    if wanted is Format.TIFF:
        block = metadata.tiff_tags(has_profile=raster.has_profile)
        if xmp is not None:
            block[_XMP_TAG] = xmp
        return {"exif": block} if block else {}
    exif = metadata.written_exif(jpeg=raster if wanted is Format.JPEG else None)
    if exif is not None:
        options["exif"] = exif
    if xmp is None:
        return options
    if wanted is Format.PNG:
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options["pnginfo"] = text
    else:
        options["xmp"] = xmp
    return options


def _jpeg(encoding: Encoding) -> dict[str, Any]:
    if encoding.quantization is None:
        return {"quality": _QUALITY_WITHOUT_TABLES, "subsampling": 0, "progressive": encoding.progressive}
    return {
        "qtables": encoding.quantization,
        "subsampling": encoding.subsampling,
        "progressive": encoding.progressive,
    }


def _animation(frames: Sequence[Frame], encoding: Encoding, wanted: Format) -> dict[str, Any]:
    durations = [round(frame.duration_ms or 0) for frame in frames]
    is_poster = encoding.is_poster and wanted is Format.PNG
    options: dict[str, Any] = {"duration": durations[1:] if is_poster else durations}
    if encoding.loops is not None:
        options["loop"] = encoding.loops
    elif encoding.format is Format.GIF and wanted is not Format.GIF:
        options["loop"] = 1  # the meaning of a GIF without a loop count
    if wanted is Format.GIF:
        options["disposal"] = 2
    if wanted is Format.PNG:
        options |= {"default_image": is_poster, "disposal": 0, "blend": 0}
    return options

"""Changes the numbers of a picture where the output format cannot carry what they mean."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from PIL import Image, ImageCms

from blurline.picture.colour import Cicp, Colour
from blurline.picture.colour_rendering import TONE_MAPPED, tone_mapped
from blurline.picture.photo import Format, Frame, Photo

_CARRY_CODE_POINTS = {Format.PNG, Format.AVIF}


def carried(photo: Photo, wanted: Format) -> Photo:
    """The picture with colours that a file of the ``wanted`` format can carry."""
    if wanted in _CARRY_CODE_POINTS or not any(_is_converted(frame) for frame in photo.frames):
        return photo
    frames = tuple(_converted(frame) if _is_converted(frame) else frame for frame in photo.frames)
    metadata = replace(photo.metadata, colour_space=None)
    return replace(photo, frames=frames, metadata=metadata)


def as_rgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """sRGB from CMYK by its profile (relative colorimetric, black point compensated); without one by Pillow's rule."""
    if profile is not None:
        try:
            converted = ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                ImageCms.Intent.RELATIVE_COLORIMETRIC,
                "RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):  # LittleCMS refuses the profile
            return image.convert("RGB")
        if converted is not None:
            return converted
    return image.convert("RGB")


def _is_converted(frame: Frame) -> bool:
    return frame.colour.is_hdr or not frame.colour.is_full_range


def _converted(frame: Frame) -> Frame:
    if frame.colour.is_hdr:
        return replace(frame, pixels=tone_mapped(frame.pixels, frame.colour), levels16=None, colour=TONE_MAPPED)
    assert frame.colour.cicp is not None
    full = ((np.arange(256) - 16) * (255 / 219)).clip(0, 255).round().astype(np.uint8)
    cicp = frame.colour.cicp
    pixels = full[frame.pixels]
    return replace(frame, pixels=pixels, levels16=None, colour=Colour(cicp=Cicp(cicp.primaries, cicp.transfer)))

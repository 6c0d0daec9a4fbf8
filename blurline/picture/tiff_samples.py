"""What the samples of a TIFF page mean where Pillow passes them on as they are stored, or misreads them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    COMPRESSION,
    PHOTOMETRIC_INTERPRETATION,
    PLANAR_CONFIGURATION,
    REFERENCEBLACKWHITE,
    SAMPLEFORMAT,
    YCBCRSUBSAMPLING,
)

from blurline.errors import UnsupportedFormat
from blurline.picture.refusals import refusal

_UNCOMPRESSED, _WORD_ALIGNED_FAX = 1, 32771
_WHITE_IS_ZERO, _YCBCR = 0, 6
_UNSIGNED, _SIGNED = 1, 2
_SEPARATE_PLANES = 2
_FULL_SWING = (0, 255, 128, 255, 128, 255)


def check_page(image: Image.Image) -> None:
    """Raise UnsupportedFormat where Pillow would show another picture than the page's."""
    tags = _tags(image)
    compression, is_deep = tags.get(COMPRESSION, _UNCOMPRESSED), max(tags.get(BITSPERSAMPLE, (1,))) > 8
    reason = None
    if compression == _WORD_ALIGNED_FAX:
        reason = "a TIFF with word-aligned fax compression"
    elif compression == _UNCOMPRESSED and is_deep and tags.get(PLANAR_CONFIGURATION) == _SEPARATE_PLANES:
        reason = "an uncompressed TIFF with 16-bit channels in separate planes"
    elif compression != _UNCOMPRESSED and image.mode in ("I", "F") and tags.prefix == b"MM":
        reason = "a compressed big-endian TIFF of signed or floating-point samples"
    elif compression == _UNCOMPRESSED and tags.get(PHOTOMETRIC_INTERPRETATION) == _YCBCR:
        swing = tuple(float(value) for value in tags.get(REFERENCEBLACKWHITE, _FULL_SWING))
        if tuple(tags.get(YCBCRSUBSAMPLING, (2, 2))) != (1, 1) or swing != _FULL_SWING:
            reason = "an uncompressed TIFF in luma and subsampled or reduced chroma"
    if reason:
        raise UnsupportedFormat(refusal(f"is {reason}, which this decoder cannot read"))


def is_negative(image: Image.Image) -> bool:
    """Whether the largest value is black. Pillow turns only samples of up to 8 bits."""
    return image.format == "TIFF" and _tags(image).get(PHOTOMETRIC_INTERPRETATION) == _WHITE_IS_ZERO


def grey_values(image: Image.Image) -> NDArray[np.float64]:
    """The values of a page of modes `I` and `F`; Pillow takes unsigned 32-bit values for signed ones."""
    values = np.asarray(image)
    if image.mode == "I" and _of_32_bits(image) and _sample_format(image) == _UNSIGNED:
        values = values.view(np.uint32)
    return values.astype(np.float64)


def is_signed_grey(image: Image.Image) -> bool:
    """Whether a page of mode `L` has signed samples, which Pillow takes for unsigned ones."""
    return image.format == "TIFF" and image.mode == "L" and _sample_format(image) == _SIGNED


def _of_32_bits(image: Image.Image) -> bool:
    return image.format == "TIFF" and max(_tags(image).get(BITSPERSAMPLE, (1,))) == 32


def _sample_format(image: Image.Image) -> int:
    return int(max(_tags(image).get(SAMPLEFORMAT, (_UNSIGNED,))))


def _tags(image: Image.Image) -> Any:
    return getattr(image, "tag_v2", {})

"""Why a decoder refuses a valid file: what the file uses that the decoder lacks."""

from __future__ import annotations

import io

from PIL import TiffTags
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    COMPRESSION,
    COMPRESSION_INFO,
    PHOTOMETRIC_INTERPRETATION,
    SAMPLEFORMAT,
    SAMPLESPERPIXEL,
    ImageFileDirectory_v2,
)

from blurline.picture.formats import heif, jpeg

_JPEG_FRAMES = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_LOSSLESS = {0xC3, 0xC7, 0xCB, 0xCF}
_ADVICE = "Export it again as an ordinary JPEG, PNG or TIFF."


def why_refused(data: bytes) -> str | None:
    """A sentence for the owner of a file that cannot be decoded; None if no reason but damage is known."""
    if data.startswith(b"\xff\xd8"):
        lacking = _of_jpeg(data)
    elif data[4:8] == b"ftyp":
        lacking = _of_heif(data)
    elif data[:2] in (b"II", b"MM"):
        lacking = _of_tiff(data)
    else:
        return None
    return refusal(lacking) if lacking else None


def refusal(lacking: str) -> str:
    """The sentence for the owner; ``lacking`` says what the picture is or has."""
    return f"The picture {lacking}. {_ADVICE}"


def _of_jpeg(data: bytes) -> str | None:
    frame = jpeg.first_frame(data)
    if frame is None:
        return None
    marker, body = frame
    bits, components = body[0], body[5]
    if marker in _LOSSLESS:
        return "is a lossless JPEG, which this decoder cannot read"
    if marker not in _JPEG_FRAMES:
        return "is a hierarchical JPEG, which this decoder cannot read"
    if bits != 8:
        return f"is a JPEG of {bits} bits per channel, which this decoder cannot read"
    if components not in (1, 3, 4):
        return f"is a JPEG of {components} channels, which this decoder cannot read"
    return None


def _of_heif(data: bytes) -> str | None:
    picture = heif.main_picture(data)
    if picture is None:
        return None
    if picture.has_crop:
        return "has a crop that this decoder cannot apply"
    if picture.is_of_unknown_coding and picture.kind != b"av01":
        return f"is a HEIF picture of the coding {picture.kind.decode('latin-1')!r}, which this decoder cannot read"
    return None


def _of_tiff(data: bytes) -> str | None:
    try:
        first = ImageFileDirectory_v2(data[:16] if b"+" in data[2:4] else data[:8])
        file = io.BytesIO(data)
        file.seek(first.next)
        first.load(file)
        compression, kind = int(first.get(COMPRESSION, 1)), first.get(PHOTOMETRIC_INTERPRETATION, 0)
        bits, samples = first.get(BITSPERSAMPLE, (1,)), first.get(SAMPLESPERPIXEL, 1)
        number_format = first.get(SAMPLEFORMAT, (1,))
    except Exception:  # Pillow's parser raises many types for damaged files
        return None
    known = {number: name for name, number in (TiffTags.lookup(COMPRESSION).enum or {}).items()}
    if compression not in COMPRESSION_INFO:
        return f"is a TIFF of the compression {known.get(compression, compression)}, which this decoder cannot read"
    kinds = {number: name for name, number in (TiffTags.lookup(PHOTOMETRIC_INTERPRETATION).enum or {}).items()}
    return (
        f"is a TIFF of {samples} channels ({kinds.get(kind, kind)}) of {max(bits)} bits, sample format "
        f"{max(number_format)}, compression {COMPRESSION_INFO[compression]}, which this decoder cannot read"
    )

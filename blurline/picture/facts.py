"""What a file has, as far as a result can lose it: the same description of an original and of its result."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from PIL import Image, JpegImagePlugin
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from blurline.picture.colour_profile import clean_profile
from blurline.picture.formats import heif_items
from blurline.picture.metadata import xmp_packet

DEEP_GREY = frozenset({"I;16", "I;16B", "I;16L"})
"""Pillow's modes for 16-bit grey."""

_PNG_DEPTH_AT = 24
_BITS_TAG, _PICTURES_TAG = 258, 45057
_DEEP_MODES = {"I", "F"} | DEEP_GREY
_GAIN_MAPS = (
    b"http://ns.adobe.com/hdr-gain-map/1.0/",
    b"urn:iso:std:iso:ts:21496:-1",
    b"http://ns.apple.com/HDRGainMap/1.0/",
)
_VIDEOS = (b'MotionPhoto="1"', b"MotionPhoto>1<", b'MicroVideo="1"', b"MicroVideo>1<")
_SAMSUNG_END, _SAMSUNG_VIDEO = b"SEFT", b"MotionPhoto_Data"
_MARK_BYTES = 100
_DEPTH_MAPS = (b"http://ns.google.com/photos/1.0/depthmap/", b'Semantic="Depth"')
_RESTARTS, _SCAN = 0xDD, 0xDA
_ASSUMED_DPI = (72, 72)  # Pillow's for a JPEG whose EXIF says none


class ProfileState(StrEnum):
    """Whether a file has a colour profile."""

    NONE = "none"
    VALID = "valid"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """What a frame or page has. ``bits``: per channel. ``is_transparent``: a pixel is not fully opaque."""

    bits: int = 8
    is_cmyk: bool = False
    profile: ProfileState = ProfileState.NONE
    has_alpha: bool = False
    is_transparent: bool = False


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What a file has beside its pixels and its metadata.

    ``pictures``: all that are shown by themselves, ``frames`` among them. ``shown_ms``: how long an animation takes;
    ``loops``: how often it plays (0 is forever; None: it is no animation).
    """

    format: str = ""
    frames: tuple[FrameFacts, ...] = (FrameFacts(),)
    pictures: int = 1
    has_gain_map: bool = False
    has_depth_map: bool = False
    has_video: bool = False
    is_hdr: bool = False
    has_density: bool = False
    is_progressive: bool = False
    has_restarts: bool = False
    has_poster: bool = False
    shown_ms: float = 0
    loops: int | None = None

    @property
    def is_deep(self) -> bool:
        """Whether a channel of a frame has more than 8 bits."""
        return any(frame.bits > 8 for frame in self.frames)


def describe(
    image: Image.Image, data: bytes, frames: tuple[FrameFacts, ...], shown_ms: float, *, is_hdr: bool
) -> PictureFacts:
    """Describe an opened file whose frames were described one by one. ``is_hdr``: their numbers mean PQ or HLG."""
    dpi = image.info.get("dpi")
    facts = PictureFacts(
        format="JPEG" if image.format == "MPO" else image.format or "",
        frames=frames,
        pictures=max(getattr(image, "n_frames", 1), len(frames)),
        has_density=dpi is not None and all(side > 0 for side in dpi),
        has_poster=bool(getattr(image, "default_image", False)),
        shown_ms=shown_ms,
        loops=_loops(image) if len(frames) > 1 else None,
        is_hdr=is_hdr,
    )
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        return _of_jpeg(image, data, facts)
    if image.format in ("AVIF", "HEIF"):
        found = heif_items.contents(data)
        return replace(
            facts,
            pictures=max(facts.pictures, len(frames) + found.further_pictures),
            has_gain_map=found.has_gain_map,
            has_depth_map=found.has_depth_map,
            has_video=found.has_video,
        )
    return facts


def describe_frame(image: Image.Image, data: bytes, *, has_alpha: bool, is_transparent: bool) -> FrameFacts:
    """Describe the present frame of a loaded file; ``has_alpha`` and ``is_transparent`` are of the decoded frame."""
    tags: Any = getattr(image, "tag_v2", None)
    profile = image.info.get("icc_profile")
    state = ProfileState.NONE
    if profile:
        state = ProfileState.VALID if clean_profile(profile) is not None else ProfileState.DAMAGED
    return FrameFacts(_bits(image, data, tags), image.mode == "CMYK", state, has_alpha, is_transparent)


def _of_jpeg(image: Image.Image, data: bytes, facts: PictureFacts) -> PictureFacts:
    packet = xmp_packet(image)
    xmp = packet.encode() if isinstance(packet, str) else packet
    pictures = max(facts.pictures, _pictures_of_mpf(image))
    segments = b"".join(content[:_MARK_BYTES] for name, content in getattr(image, "applist", ()) if name == "APP2")
    marked = data if pictures > len(facts.frames) else xmp + segments  # Apple marks the gain map itself
    says_density = image.info.get("jfif_unit") in (1, 2) or image.info.get("dpi") != _ASSUMED_DPI
    return replace(
        facts,
        has_density=facts.has_density and says_density,
        pictures=pictures,
        has_gain_map=any(mark in marked for mark in _GAIN_MAPS),
        has_depth_map=any(mark in xmp for mark in _DEPTH_MAPS),
        has_video=any(mark in xmp for mark in _VIDEOS) or (data.endswith(_SAMSUNG_END) and _SAMSUNG_VIDEO in data),
        is_progressive=bool(image.info.get("progressive")),
        has_restarts=_has_restarts(data),
    )


def _bits(image: Image.Image, data: bytes, tags: Any) -> int:
    """The bits per channel, which Pillow does not show for RGB."""
    if image.format == "PNG":
        return data[_PNG_DEPTH_AT]
    if image.format == "HEIF":
        return int(image.info.get("bit_depth", 8))
    if image.format == "AVIF":
        return heif_items.contents(data).bits
    if tags is not None and image.format == "TIFF":
        return int(max(tags.get(_BITS_TAG, (1,)), default=8))
    return 16 if image.mode in _DEEP_MODES else 8


def _loops(image: Image.Image) -> int:
    """How often an animation plays; a GIF that does not say plays once, others for ever."""
    loops = image.info.get("loop")
    return int(loops) if isinstance(loops, int) else int(image.format == "GIF")


def _pictures_of_mpf(image: Image.Image) -> int:
    """The number of pictures in the index of CIPA DC-007, which Pillow does not show for a file with a gain map."""
    for name, content in getattr(image, "applist", ()):
        if name == "APP2" and content[:4] == b"MPF\0":
            with suppress(Exception):  # Pillow's parser raises many types for damaged blocks
                file = io.BytesIO(content[4:])
                index = ImageFileDirectory_v2(file.read(8))
                file.seek(index.next)
                index.load(file)
                count = index.get(_PICTURES_TAG, 1)
                return int(count[0] if isinstance(count, tuple) else count)
    return 1


def _has_restarts(data: bytes) -> bool:
    """Whether a segment before the first scan sets a restart interval."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != _SCAN:
        if data[at + 1] == 0xFF:
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == _RESTARTS and data[at + 4 : at + 6] != b"\0\0":
            return True
        at += 2 + length
    return False

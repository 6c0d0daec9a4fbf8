"""Metadata by allow-list: reads what each policy allows, and writes new blocks.

Blocks are not copied. Only values of known tags that are what their tag says are taken over, one by one, so that a
thumbnail, a maker note or bytes hidden in a text cannot pass. ``strip`` keeps nothing; ``safe`` keeps time, camera,
authorship and description; ``mapping`` also keeps the position and the panorama properties.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from blurline.picture.exif_fields import EXIF, MAIN, POSITION, Field, read_fields
from blurline.picture.formats.exif import Kind, written_block
from blurline.picture.formats.xmp import GPANO, written_packet
from blurline.picture.panorama_fields import CAMERA, read_panorama, read_pose
from blurline.picture.xmp_fields import read_camera, read_capture_time, read_position
from blurline.policy.metadata_policy import MetadataPolicy

ORIENTATION = Base.Orientation

Values = dict[int, Any]
Properties = Mapping[tuple[str, str], Mapping[str, str]]

_SRGB, _UNCALIBRATED = 1, 65535
_PER_INCH, _USUAL_DPI = 2, 72.0
_CENTRED = 1
_EXIF_VERSION, _FLASHPIX_VERSION, _GPS_VERSION = b"0232", b"0100", b"\2\3\0\0"
_GREY, _COLOUR = b"\1\0\0\0", b"\1\2\3\0"


@dataclass(frozen=True, slots=True)
class Raster:
    """What the EXIF block of a JPEG says about the compressed data; its size is the stored one, not the upright one."""

    width_px: int
    height_px: int
    is_grey: bool
    has_profile: bool
    dpi: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Metadata:
    """Allowed values of a file: EXIF tags of the main, Exif and GPS directories by number, properties of GPano and of
    the camera's pose (XMP).

    ``refused`` says for each field with a value that may not pass what is wrong with it; ``refused_position`` is the
    same for the fields that only ``mapping`` keeps. ``colour_space`` and ``gps_version`` qualify other values, so they
    are written with those.
    """

    main: Values = field(default_factory=dict)
    exif: Values = field(default_factory=dict)
    gps: Values = field(default_factory=dict)
    panorama: dict[str, str] = field(default_factory=dict)
    pose: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    refused_position: dict[str, str] = field(default_factory=dict)
    colour_space: int | None = None
    gps_version: bytes = _GPS_VERSION

    def under(self, policy: MetadataPolicy) -> Metadata:
        """The part that a policy keeps; ``refused`` then has all that is missing of what the policy allows."""
        if policy is MetadataPolicy.STRIP:
            return Metadata(colour_space=self.colour_space)
        if policy is MetadataPolicy.MAPPING:
            return replace(self, refused=self.refused | self.refused_position)
        return Metadata(self.main, self.exif, refused=self.refused, colour_space=self.colour_space)

    def written_exif(self, orientation: int = 1, jpeg: Raster | None = None) -> bytes | None:
        """A new EXIF block with its prefix, and with the orientation if it is not 1; None if it would be empty.

        With ``jpeg``, also with the tags that the standard demands in a JPEG.
        """
        if not (self.main or self.exif or self.gps or orientation != 1):
            return None
        main, exif, gps = _typed(self.main, MAIN), _typed(self.exif, EXIF), _typed(self.gps, POSITION)
        if orientation != 1:
            main[ORIENTATION] = (Kind.SHORT, orientation)
        if jpeg is not None:
            dpi = jpeg.dpi or (_USUAL_DPI, _USUAL_DPI)
            main |= {
                Base.XResolution: (Kind.RATIONAL, dpi[0]),
                Base.YResolution: (Kind.RATIONAL, dpi[1]),
                Base.ResolutionUnit: (Kind.SHORT, _PER_INCH),
                Base.YCbCrPositioning: (Kind.SHORT, _CENTRED),
            }
            exif |= {
                Base.ComponentsConfiguration: (Kind.UNDEFINED, _GREY if jpeg.is_grey else _COLOUR),
                Base.FlashPixVersion: (Kind.UNDEFINED, _FLASHPIX_VERSION),
                Base.ColorSpace: (Kind.SHORT, self._written_colour_space(has_profile=jpeg.has_profile)),
                Base.ExifImageWidth: (Kind.LONG, jpeg.width_px),
                Base.ExifImageHeight: (Kind.LONG, jpeg.height_px),
            }
        if exif:
            exif[Base.ExifVersion] = (Kind.UNDEFINED, _EXIF_VERSION)
        if gps:
            gps[GPS.GPSVersionID] = (Kind.BYTE, self._written_gps_version)
        return b"Exif\0\0" + written_block(main, exif, gps)

    def tiff_tags(self, *, has_profile: bool) -> Image.Exif:
        """The same as tags beside those of a TIFF's picture, in the form in which Pillow writes them."""
        block = Image.Exif()
        for tag, value in self.main.items():
            block[tag] = value
        mandatory: Values = {
            Base.ExifVersion: _EXIF_VERSION,
            Base.FlashPixVersion: _FLASHPIX_VERSION,
            Base.ColorSpace: self._written_colour_space(has_profile=has_profile),
        }
        qualified = (
            (IFD.Exif, self.exif, mandatory),
            (IFD.GPSInfo, self.gps, {GPS.GPSVersionID: self._written_gps_version}),
        )
        for directory, values, further in qualified:
            if values:
                block.get_ifd(directory).update(values | further)
                block[directory] = 0  # without this entry, a TIFF is written without the directory
        return block

    def written_xmp(self, further: Properties | None = None, children: str = "") -> bytes | None:
        """A new XMP packet with the properties of the panorama, of the pose, and ``further`` ones, and elements;
        None without any."""
        properties = {(GPANO, "GPano"): self.panorama, (CAMERA, "Camera"): self.pose, **(further or {})}
        return written_packet(properties, children) if any(properties.values()) else None

    @property
    def _written_gps_version(self) -> bytes:
        """The source's, or the first version with the positioning error if that is among the tags."""
        return max(self.gps_version, _GPS_VERSION) if GPS.GPSHPositioningError in self.gps else self.gps_version

    def _written_colour_space(self, *, has_profile: bool) -> int:
        if self.colour_space in (_SRGB, _UNCALIBRATED):
            return self.colour_space
        return _UNCALIBRATED if has_profile else _SRGB


MANDATORY_IN_JPEG = frozenset(
    {
        *(Base.XResolution, Base.YResolution, Base.ResolutionUnit, Base.YCbCrPositioning),
        *(Base.ComponentsConfiguration, Base.FlashPixVersion, Base.ColorSpace),
        *(Base.ExifImageWidth, Base.ExifImageHeight),
    }
)
"""Tags of the main and the Exif directory that describe the compressed data."""

MANDATORY_IN_TIFF = frozenset({Base.FlashPixVersion, Base.ColorSpace})
"""The same of a TIFF, whose first directory describes its data."""


def read_metadata(image: Image.Image) -> Metadata:
    """Read the allowed tags of an opened file; camera, capture time and position from its XMP if its EXIF has none. An
    unreadable directory counts as empty."""
    block = _readable(image.getexif)
    exif = _readable(lambda: image.getexif().get_ifd(IFD.Exif))
    gps = _readable(lambda: image.getexif().get_ifd(IFD.GPSInfo))
    packet = xmp_packet(image)
    if Base.DateTimeOriginal not in exif:
        exif = read_capture_time(packet) | exif
    if GPS.GPSLatitude not in gps:
        gps = read_position(packet) | gps
    if Base.Make not in block and Base.Model not in block:
        block = read_camera(packet) | block
    (main, main_refused), (shown, shown_refused) = read_fields(block, MAIN), read_fields(exif, EXIF)
    position, position_refused = read_fields(gps, POSITION)
    panorama, panorama_refused = read_panorama(packet)
    pose, pose_refused = read_pose(packet)
    return Metadata(
        main,
        shown,
        position,
        panorama,
        pose,
        main_refused | shown_refused,
        position_refused | panorama_refused | pose_refused,
        exif.get(Base.ColorSpace) if isinstance(exif.get(Base.ColorSpace), int) else None,
        _gps_version(gps.get(GPS.GPSVersionID)),
    )


def xmp_packet(image: Image.Image) -> bytes | str:
    """The XMP packet of an opened file, empty without one."""
    packet: bytes | str = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return packet


def _readable(read: Callable[[], Mapping[int, Any]]) -> dict[int, Any]:
    with suppress(Exception):  # Pillow's parser raises many types for untrusted EXIF
        return dict(read())
    return {}


def _typed(values: Values, fields: Mapping[int, Field]) -> dict[int, tuple[Kind, Any]]:
    return {tag: (fields[tag].kind, value) for tag, value in values.items()}


def _gps_version(value: Any) -> bytes:
    version = bytes(value) if isinstance(value, bytes | tuple) else b""
    is_known = len(version) == 4 and version[0] == 2 and version[1] <= 4 and version[2:] == b"\0\0"
    return version if is_known else _GPS_VERSION

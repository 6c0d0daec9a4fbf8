"""Metadata by allow-list: reads what each policy allows, and writes new blocks.

Blocks are not copied. Only values of known tags and of the expected type are taken over, one by one, so that a
thumbnail, a maker note or bytes hidden in a text cannot pass. ``strip`` keeps nothing; ``safe`` keeps time, camera,
authorship and description; ``mapping`` also keeps the position and the panorama properties.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import IFDRational

from blurline.picture.formats.xmp import GPANO, read_properties, written_packet
from blurline.policy.metadata_policy import MetadataPolicy

ORIENTATION = Base.Orientation


Values = dict[int, Any]

_MAIN = frozenset({Base.Make, Base.Model, Base.DateTime, Base.Artist, Base.Copyright, Base.ImageDescription})
_EXIF = frozenset(
    {
        Base.DateTimeOriginal,
        Base.DateTimeDigitized,
        Base.OffsetTime,
        Base.OffsetTimeOriginal,
        Base.OffsetTimeDigitized,
        Base.ExposureTime,
        Base.FNumber,
        Base.ISOSpeedRatings,
        Base.FocalLength,
        Base.FocalLengthIn35mmFilm,
        Base.LensMake,
        Base.LensModel,
    }
)
_GPS = frozenset(
    {
        GPS.GPSLatitudeRef,
        GPS.GPSLatitude,
        GPS.GPSLongitudeRef,
        GPS.GPSLongitude,
        GPS.GPSAltitudeRef,
        GPS.GPSAltitude,
        GPS.GPSTimeStamp,
        GPS.GPSImgDirectionRef,
        GPS.GPSImgDirection,
        GPS.GPSDateStamp,
    }
)
_EXIF_TEXTS = frozenset(
    {
        Base.DateTimeOriginal,
        Base.DateTimeDigitized,
        Base.OffsetTime,
        Base.OffsetTimeOriginal,
        Base.OffsetTimeDigitized,
        Base.LensMake,
        Base.LensModel,
    }
)
_GPS_TEXTS = frozenset({GPS.GPSLatitudeRef, GPS.GPSLongitudeRef, GPS.GPSImgDirectionRef, GPS.GPSDateStamp})
_PANORAMA = frozenset(
    {
        "ProjectionType",
        "UsePanoramaViewer",
        "PoseHeadingDegrees",
        "PosePitchDegrees",
        "PoseRollDegrees",
        "InitialViewHeadingDegrees",
        "InitialViewPitchDegrees",
        "InitialViewRollDegrees",
        "InitialHorizontalFOVDegrees",
        "CroppedAreaLeftPixels",
        "CroppedAreaTopPixels",
        "CroppedAreaImageWidthPixels",
        "CroppedAreaImageHeightPixels",
        "FullPanoWidthPixels",
        "FullPanoHeightPixels",
    }
)
_PLAIN = re.compile(r"[\w.+-]{1,40}")
_MOST_CHARACTERS = 2000
_MOST_NUMBERS = 4


@dataclass(frozen=True, slots=True)
class Metadata:
    """Allowed values of a file: EXIF tags of the main, Exif and GPS directories by number, and GPano properties."""

    main: Values = field(default_factory=dict)
    exif: Values = field(default_factory=dict)
    gps: Values = field(default_factory=dict)
    panorama: dict[str, str] = field(default_factory=dict)

    def under(self, policy: MetadataPolicy) -> Metadata:
        """The part that a policy keeps."""
        if policy is MetadataPolicy.STRIP:
            return Metadata()
        return self if policy is MetadataPolicy.MAPPING else Metadata(self.main, self.exif)

    def written_exif(self, orientation: int = 1) -> Image.Exif | None:
        """A new EXIF block, with the orientation if it is not 1; None if it would be empty."""
        block = Image.Exif()
        for tag, value in self.main.items():
            block[tag] = value
        for directory, values in ((IFD.Exif, self.exif), (IFD.GPSInfo, self.gps)):
            if values:
                block.get_ifd(directory).update(values)
                block[directory] = 0  # without this entry, a TIFF is written without the directory
        if orientation != 1:
            block[ORIENTATION] = orientation
        return block if self.main or self.exif or self.gps or orientation != 1 else None

    def written_xmp(self) -> bytes | None:
        """A new XMP packet with the panorama's properties; None without any."""
        if not self.panorama:
            return None
        return written_packet(GPANO, "GPano", self.panorama)


def read_metadata(image: Image.Image) -> Metadata:
    """Read the allowed tags of an opened file. Unreadable blocks count as empty."""
    try:
        block = image.getexif()
        main, exif, gps = dict(block), block.get_ifd(IFD.Exif), block.get_ifd(IFD.GPSInfo)
    except Exception:  # Pillow's parser raises many types for untrusted EXIF
        main, exif, gps = {}, {}, {}
    return Metadata(
        _allowed(main, _MAIN, _MAIN),
        _allowed(exif, _EXIF, _EXIF_TEXTS),
        _allowed(gps, _GPS, _GPS_TEXTS),
        _panorama(image),
    )


def _allowed(values: Mapping[int, Any], tags: frozenset[Any], texts: frozenset[Any]) -> Values:
    cleaned = {int(tag): _clean(value, is_text=tag in texts) for tag, value in values.items() if tag in tags}
    return {tag: value for tag, value in cleaned.items() if value is not None}


def _clean(value: Any, *, is_text: bool) -> Any:
    """A text of printable characters, a number, or a few numbers; otherwise None."""
    if is_text or isinstance(value, str):
        return _clean_text(value) if is_text and isinstance(value, str) else None
    if isinstance(value, bytes) and len(value) == 1:
        return value  # GPSAltitudeRef
    numbers = value if isinstance(value, tuple) else (value,)
    if len(numbers) > _MOST_NUMBERS or not all(isinstance(number, int | float | IFDRational) for number in numbers):
        return None
    if not all(abs(number) < 1 << 32 for number in numbers):  # also rejects NaN
        return None
    return value


def _clean_text(text: str) -> str | bytes | None:
    """Decode an EXIF text. Writers use UTF-8 despite the standard; Pillow returns it as Latin-1, and expects bytes for
    text that is not ASCII."""
    with suppress(UnicodeError):
        text = text.encode("latin-1").decode("utf-8")
    text = text.rstrip("\0 ")
    is_clean = text.replace("\n", " ").replace("\r", " ").replace("\t", " ").isprintable()
    if not text or not is_clean or len(text) > _MOST_CHARACTERS:
        return None
    return text if text.isascii() else text.encode()


def _panorama(image: Image.Image) -> dict[str, str]:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    properties = read_properties(packet, GPANO)
    return {name: value for name, value in properties.items() if name in _PANORAMA and _PLAIN.fullmatch(value)}

"""EXIF values that a file has only in its XMP (CIPA DC-010), in the form of EXIF: position, capture time and camera."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from PIL.ExifTags import GPS, Base
from PIL.TiffImagePlugin import IFDRational

from blurline.picture.formats.xmp import read_properties

_EXIF = "http://ns.adobe.com/exif/1.0/"
_TIFF = "http://ns.adobe.com/tiff/1.0/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"

_COORDINATE = re.compile(r"(\d{1,3}),(\d{1,2})(?:\.(\d{1,12})|,(\d{1,2}(?:\.\d{1,9})?))?([NSEW])")
_RATIO = re.compile(r"(\d{1,10})/(\d{1,10})")
_DECIMAL = re.compile(r"\d{1,10}(?:\.\d{1,9})?")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?")
_MOST_DENOMINATOR = 1_000_000

Values = dict[int, Any]


def read_position(packet: bytes | str) -> Values:
    """The values of the GPS directory; a property that is not what its name says is passed on as it is."""
    properties = read_properties(packet, _EXIF)
    values: Values = {}
    for name, tag, reference in (
        ("GPSLatitude", GPS.GPSLatitude, GPS.GPSLatitudeRef),
        ("GPSLongitude", GPS.GPSLongitude, GPS.GPSLongitudeRef),
    ):
        if name in properties:
            found = _COORDINATE.fullmatch(properties[name])
            values[tag] = _degrees(found) if found else properties[name]
            if found:
                values[reference] = found[5]
    values |= {tag: read(properties[name]) for name, (tag, read) in _POSITION.items() if name in properties}
    if found := _MOMENT.fullmatch(properties.get("GPSTimeStamp", "")):
        values[GPS.GPSDateStamp] = found[1].replace("-", ":")
        hours, minutes, seconds = (IFDRational(int(each)) for each in found[2].split(":"))
        values[GPS.GPSTimeStamp] = (hours, minutes, seconds)
    return values


def read_camera(packet: bytes | str) -> Values:
    """The values of the main directory."""
    properties = read_properties(packet, _TIFF)
    return {tag: properties[name] for name, tag in (("Make", Base.Make), ("Model", Base.Model)) if name in properties}


def read_capture_time(packet: bytes | str) -> Values:
    """The values of the Exif directory."""
    text = read_properties(packet, _EXIF).get("DateTimeOriginal") or read_properties(packet, _PHOTOSHOP).get(
        "DateCreated"
    )
    if text is None:
        return {}
    found = _MOMENT.fullmatch(text)
    if found is None:
        return {Base.DateTimeOriginal: text}
    day, time, fraction, offset = found.groups()
    values: Values = {Base.DateTimeOriginal: f"{day} {time}"}
    if fraction:
        values[Base.SubsecTimeOriginal] = fraction
    if offset:
        values[Base.OffsetTimeOriginal] = offset
    return values


def _degrees(found: re.Match[str]) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Degrees, minutes and seconds of `DDD,MM,SSk` or `DDD,MM.mmk`."""
    degrees, minutes, part, seconds, _ = found.groups()
    exact = Fraction(seconds) if seconds else Fraction(f"0.{part}") * 60 if part else Fraction(0)
    return IFDRational(int(degrees)), IFDRational(int(minutes)), IFDRational(exact.limit_denominator(_MOST_DENOMINATOR))


def _number(text: str) -> Any:
    if (found := _RATIO.fullmatch(text)) and int(found[2]):
        return IFDRational(int(found[1]), int(found[2]))
    return IFDRational(Fraction(text).limit_denominator(_MOST_DENOMINATOR)) if _DECIMAL.fullmatch(text) else text


def _whole(text: str) -> Any:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else text


def _reference(text: str) -> Any:
    return bytes([int(text)]) if text in ("0", "1", "2", "3") else text


_POSITION: Mapping[str, tuple[int, Callable[[str], Any]]] = {
    "GPSAltitude": (GPS.GPSAltitude, _number),
    "GPSAltitudeRef": (GPS.GPSAltitudeRef, _reference),
    "GPSDOP": (GPS.GPSDOP, _number),
    "GPSSpeedRef": (GPS.GPSSpeedRef, str),
    "GPSSpeed": (GPS.GPSSpeed, _number),
    "GPSTrackRef": (GPS.GPSTrackRef, str),
    "GPSTrack": (GPS.GPSTrack, _number),
    "GPSImgDirectionRef": (GPS.GPSImgDirectionRef, str),
    "GPSImgDirection": (GPS.GPSImgDirection, _number),
    "GPSMapDatum": (GPS.GPSMapDatum, str),
    "GPSDifferential": (GPS.GPSDifferential, _whole),
    "GPSHPositioningError": (GPS.GPSHPositioningError, _number),
}

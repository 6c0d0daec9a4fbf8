"""The EXIF tags that policies may keep: the type of each, and what a value must be to pass.

A reader returns the value in its standard form, or raises Refused. Blank values count as absent and are None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PIL.ExifTags import GPS, Base

from blurline.picture.formats.exif import Kind
from blurline.picture.free_text import hidden_in, hidden_in_name

_MOST_CHARACTERS = 2000
_MOST_NAME_CHARACTERS = 100
_EARTHS_RIM_M = 1_000_000


class Refused(Exception):
    """A value is not what its tag says, or says more than its tag; the message says what it contains instead."""


Reader = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A tag's name for people, its type, and the reader of its values."""

    name: str
    kind: Kind
    read: Reader


def read_fields(values: Mapping[int, Any], fields: Mapping[int, Field]) -> tuple[dict[int, Any], dict[str, str]]:
    """The values that pass, by tag, and why each of the others does not, by its field's name."""
    passed: dict[int, Any] = {}
    refused: dict[str, str] = {}
    for tag, field in fields.items():
        if tag not in values:
            continue
        try:
            value = field.read(values[tag])
        except Refused as why:
            refused[field.name] = str(why)
        else:
            if value is not None:
                passed[tag] = value
    return passed, refused


def _text(value: Any, most: int = _MOST_CHARACTERS) -> str | None:
    """A text of printable characters. Writers use UTF-8 despite the standard; Pillow returns it as Latin-1."""
    if not isinstance(value, str):
        raise Refused("is not a text")
    with suppress(UnicodeError):
        value = value.encode("latin-1").decode("utf-8")
    text = value.rstrip("\0 ")
    if not text.replace("\n", " ").replace("\r", " ").isprintable():
        raise Refused("contains characters that are not text")
    if len(text) > most:
        raise Refused(f"is longer than {most} characters")
    return text.strip() or None


def _storable(text: str | None) -> str | bytes | None:
    """Pillow writes text only if it is ASCII, and bytes as they are."""
    return text if text is None or text.isascii() else text.encode()


def _prose(value: Any) -> str | bytes | None:
    text = _text(value.replace("\0", "\n") if isinstance(value, str) and value.strip("\0 ") else value)
    hidden = hidden_in(text) if text else None
    if hidden:
        raise Refused(f"contains {hidden}")
    return _storable(text)


def _name(value: Any) -> str | bytes | None:
    text = _text(value, _MOST_NAME_CHARACTERS)
    hidden = hidden_in_name(text) if text else None
    if hidden:
        raise Refused(f"contains {hidden}")
    return _storable(text)


_DATE = re.compile(r"(\d{4})[-:/.](\d\d)[-:/.](\d\d)")
_DATE_TIME = re.compile(_DATE.pattern + r"[ T](\d\d):(\d\d):(\d\d)(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)?")
_UNKNOWN_DATE = re.compile(r"[0: ]*")
_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")


def _moment(value: Any, pattern: re.Pattern[str]) -> str | None:
    text = _text(value, _MOST_NAME_CHARACTERS)
    if text is None or _UNKNOWN_DATE.fullmatch(text):
        return None
    found = pattern.fullmatch(text)
    parts = found.groups() if found else ()
    try:
        year, month, day, *time = map(int, parts)
        datetime(year, month, day, *time)  # type: ignore[arg-type]
    except ValueError as error:
        raise Refused("is not a date") from error
    return " ".join(":".join(each) for each in (parts[:3], parts[3:]) if each)


def _date(value: Any) -> str | None:
    return _moment(value, _DATE)


def _date_time(value: Any) -> str | None:
    return _moment(value, _DATE_TIME)


def _matching(pattern: str, what: str) -> Reader:
    """The reader of texts that match a pattern."""
    compiled = re.compile(pattern)

    def read(value: Any) -> str | None:
        text = _text(value, _MOST_NAME_CHARACTERS)
        if text is not None and not compiled.fullmatch(text):
            raise Refused(f"is not {what}")
        return text

    return read


def _offset(value: Any) -> str | None:
    text = _text(value, _MOST_NAME_CHARACTERS)
    if text is None or text == "   :":
        return None
    text = "+00:00" if text == "Z" else text
    if not _OFFSET.fullmatch(text):
        raise Refused("is not an offset from UTC")
    return text


def _within(low: float, high: float, *, is_whole: bool = False) -> Reader:
    """The reader of numbers from ``low`` to ``high``."""

    def read(value: Any) -> Any:
        number = value[0] if isinstance(value, tuple) and len(value) > 0 else value
        if isinstance(number, bytes) and len(number) == 1:
            number = number[0]
        if not _is_number(number) or not low <= number <= high:  # also refuses NaN, Pillow's value of n/0
            raise Refused("is not a number in its range")
        if is_whole and number != int(number):
            raise Refused("is not a whole number")
        return int(number) if is_whole else number

    return read


def _sexagesimal(limit: int) -> Reader:
    """The reader of degrees or hours, minutes and seconds; missing minutes and seconds are 0."""

    def read(value: Any) -> tuple[Any, ...] | None:
        numbers = value if isinstance(value, tuple) else (value,)
        if not 1 <= len(numbers) <= 3 or not all(_is_number(number) for number in numbers):
            raise Refused("is not degrees, minutes and seconds")
        numbers = (*numbers, 0, 0)[:3]
        in_range = all(0 <= number <= most for number, most in zip(numbers, (limit, 60, 60), strict=True))
        if not in_range or numbers[0] + numbers[1] / 60 + numbers[2] / 3600 > limit:
            raise Refused("is not a number in its range")
        return numbers

    return read


def _is_number(value: Any) -> bool:
    return hasattr(value, "__float__") and not isinstance(value, str | bytes | bool)


def _reference(value: Any) -> bytes:
    """Above or below the sea (or, since Exif 3.0, the ellipsoid)."""
    number = _within(0, 3, is_whole=True)(value)
    return bytes([number])


def _positioning_method(value: Any) -> bytes:
    """One of the words of Exif 3.0 and Android, behind the code of ASCII."""
    word = value.removeprefix(_ASCII_CODE).strip(b"\0 ").upper() if isinstance(value, bytes) else b""
    if word not in _POSITIONING_METHODS:
        raise Refused("is not a known positioning method")
    return _ASCII_CODE + word


_ASCII_CODE = b"ASCII\0\0\0"
_POSITIONING_METHODS = frozenset(
    {b"GPS", b"GNSS", b"QZSS", b"CELLID", b"WLAN", b"MANUAL", b"NETWORK", b"FUSED", b"HYBRID-FIX"}
)
_SUBSECOND = _matching(r"\d{1,9}", "a fraction of a second")
_DATUM = _matching(
    r"(?i)(WGS[- ]?(72|84)|TOKYO|JGD[- ]?20(00|11)|NAD[- ]?(27|83)|ETRS[- ]?89|ED[- ]?50|OSGB[- ]?36|GDA[- ]?(94|2020)"
    r"|CGCS[- ]?2000|GCJ[- ]?02|PZ[- ]?90|SK[- ]?42|ITRF[- ]?\d{2,4}|EPSG:\d{4,5})",
    "a known map datum",
)
_NORTH_OR_SOUTH, _EAST_OR_WEST = _matching("[NS]", "N or S"), _matching("[EW]", "E or W")
_TRUE_OR_MAGNETIC = _matching("[TM]", "T or M")
_ANGLE = _within(0, 360)

MAIN: Mapping[int, Field] = {
    Base.ImageDescription: Field("description", Kind.ASCII, _prose),
    Base.Make: Field("camera maker", Kind.ASCII, _name),
    Base.Model: Field("camera model", Kind.ASCII, _name),
    Base.DateTime: Field("time of change", Kind.ASCII, _date_time),
    Base.Artist: Field("artist", Kind.ASCII, _prose),
    Base.Copyright: Field("copyright", Kind.ASCII, _prose),
}
"""Tags of the first directory under `safe` and `mapping`."""

EXIF: Mapping[int, Field] = {
    Base.ExposureTime: Field("exposure time", Kind.RATIONAL, _within(0, 100_000)),
    Base.FNumber: Field("f-number", Kind.RATIONAL, _within(0, 1000)),
    Base.ISOSpeedRatings: Field("ISO speed", Kind.SHORT, _within(0, 65535, is_whole=True)),
    Base.DateTimeOriginal: Field("capture time", Kind.ASCII, _date_time),
    Base.DateTimeDigitized: Field("time of digitising", Kind.ASCII, _date_time),
    Base.OffsetTime: Field("UTC offset", Kind.ASCII, _offset),
    Base.OffsetTimeOriginal: Field("UTC offset of the capture time", Kind.ASCII, _offset),
    Base.OffsetTimeDigitized: Field("UTC offset of the time of digitising", Kind.ASCII, _offset),
    Base.FocalLength: Field("focal length", Kind.RATIONAL, _within(0, 100_000)),
    Base.SubsecTime: Field("fraction of the second", Kind.ASCII, _SUBSECOND),
    Base.SubsecTimeOriginal: Field("fraction of the capture time's second", Kind.ASCII, _SUBSECOND),
    Base.SubsecTimeDigitized: Field("fraction of the digitising time's second", Kind.ASCII, _SUBSECOND),
    Base.FocalLengthIn35mmFilm: Field("focal length of a 35 mm film", Kind.SHORT, _within(0, 65535, is_whole=True)),
    Base.LensMake: Field("lens maker", Kind.ASCII, _name),
    Base.LensModel: Field("lens model", Kind.ASCII, _name),
}
"""Tags of the Exif directory under `safe` and `mapping`."""

POSITION: Mapping[int, Field] = {
    GPS.GPSLatitudeRef: Field("latitude's side", Kind.ASCII, _NORTH_OR_SOUTH),
    GPS.GPSLatitude: Field("latitude", Kind.RATIONAL, _sexagesimal(90)),
    GPS.GPSLongitudeRef: Field("longitude's side", Kind.ASCII, _EAST_OR_WEST),
    GPS.GPSLongitude: Field("longitude", Kind.RATIONAL, _sexagesimal(180)),
    GPS.GPSAltitudeRef: Field("altitude's reference", Kind.BYTE, _reference),
    GPS.GPSAltitude: Field("altitude", Kind.RATIONAL, _within(0, _EARTHS_RIM_M)),
    GPS.GPSTimeStamp: Field("time of the position", Kind.RATIONAL, _sexagesimal(24)),
    GPS.GPSDOP: Field("dilution of precision", Kind.RATIONAL, _within(0, 1000)),
    GPS.GPSSpeedRef: Field("unit of the speed", Kind.ASCII, _matching("[KMN]", "K, M or N")),
    GPS.GPSSpeed: Field("speed", Kind.RATIONAL, _within(0, 100_000)),
    GPS.GPSTrackRef: Field("reference of the course", Kind.ASCII, _TRUE_OR_MAGNETIC),
    GPS.GPSTrack: Field("course", Kind.RATIONAL, _ANGLE),
    GPS.GPSImgDirectionRef: Field("reference of the direction", Kind.ASCII, _TRUE_OR_MAGNETIC),
    GPS.GPSImgDirection: Field("direction", Kind.RATIONAL, _ANGLE),
    GPS.GPSMapDatum: Field("map datum", Kind.ASCII, _DATUM),
    GPS.GPSProcessingMethod: Field("positioning method", Kind.UNDEFINED, _positioning_method),
    GPS.GPSDateStamp: Field("date of the position", Kind.ASCII, _date),
    GPS.GPSDifferential: Field("differential correction", Kind.SHORT, _within(0, 1, is_whole=True)),
    GPS.GPSHPositioningError: Field("positioning error", Kind.RATIONAL, _within(0, _EARTHS_RIM_M)),
}
"""Tags of the GPS directory under `mapping`: what mapillary_tools and Panoramax read, and what qualifies it."""

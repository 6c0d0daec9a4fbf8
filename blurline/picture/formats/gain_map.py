"""The numbers of a gain map, which say how it turns a picture into its HDR rendition.

Three forms: XMP of the Ultra HDR format (`hdrgm`, Adobe's specification), the block of ISO 21496-1, and Apple's XMP.
Only numbers within their range are taken over; each form is written again from them.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from blurline.picture.formats.xmp import read_lists, read_properties, written_packet

HDRGM = "http://ns.adobe.com/hdr-gain-map/1.0/"
_APPLE = "http://ns.apple.com/HDRGainMap/1.0/"
_AUXILIARY = "http://ns.apple.com/pixeldatainfo/1.0/"
APPLE_TYPE = "urn:com:apple:photo:2020:aux:hdrgainmap"
_CONTAINER, _ITEM = "http://ns.google.com/photos/1.0/container/", "http://ns.google.com/photos/1.0/container/item/"

_PER_CHANNEL = ("GainMapMin", "GainMapMax", "Gamma", "OffsetSDR", "OffsetHDR")
_OF_ALL = ("HDRCapacityMin", "HDRCapacityMax")
_NECESSARY = ("GainMapMax", "HDRCapacityMax")
_IS_HDR = "BaseRenditionIsHDR"
_MOST = 64.0  # stops: far beyond any display
_VERSION = "1.0"

_IS_MULTICHANNEL, _USES_BASE_COLOUR, _IS_BACKWARD, _HAS_COMMON_DENOMINATOR = 0x80, 0x40, 4, 8
_ISO_HEAD = 5  # two versions and the flags
_FIELDS_PER_CHANNEL = 5


@dataclass(frozen=True, slots=True)
class GainMapNumbers:
    """The numbers in each form that the file has: properties of ``hdrgm`` with one or three values each, the ``iso``
    block, and the properties of ``apple``."""

    hdrgm: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    iso: bytes | None = None
    apple: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.hdrgm or self.iso or self.apple)

    def written_xmp(self) -> bytes | None:
        """The packet of the map's file; None without any."""
        properties: dict[tuple[str, str], Mapping[str, str]] = {}
        if self.apple:
            properties[(_APPLE, "HDRGainMap")] = self.apple
            properties[(_AUXILIARY, "apdi")] = {"AuxiliaryImageType": APPLE_TYPE}
        children = ""
        if self.hdrgm:
            single = {name: values[0] for name, values in self.hdrgm.items() if len(values) == 1}
            properties[(HDRGM, "hdrgm")] = {"Version": _VERSION} | single
            children = "".join(_list(name, values) for name, values in self.hdrgm.items() if len(values) > 1)
        return written_packet(properties, children) if properties else None


def directory(map_bytes: int) -> str:
    """The elements in the XMP of the main picture that announce the map behind it (GContainer)."""
    items = ({"Semantic": "Primary"}, {"Semantic": "GainMap", "Length": str(map_bytes)})
    listed = "".join(
        '<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg"'
        + "".join(f" Item:{name}={quoteattr(value)}" for name, value in item.items())
        + "/></rdf:li>"
        for item in items
    )
    return (
        f'<Container:Directory xmlns:Container="{_CONTAINER}" xmlns:Item="{_ITEM}">'
        f"<rdf:Seq>{listed}</rdf:Seq></Container:Directory>"
    )


def announcement() -> dict[tuple[str, str], dict[str, str]]:
    """The properties in the XMP of the main picture that say that the file has a gain map."""
    return {(HDRGM, "hdrgm"): {"Version": _VERSION}}


def is_named_gain_map(xmp: bytes, iso: bytes | None) -> bool:
    """Whether a picture with these blocks says that it is a gain map."""
    apple = read_properties(xmp, _AUXILIARY).get("AuxiliaryImageType")
    return iso is not None or apple == APPLE_TYPE or "Version" in read_properties(xmp, HDRGM)


def read_numbers(xmp: bytes, iso: bytes | None) -> GainMapNumbers:
    """The numbers in the XMP packet and the block of ISO 21496-1 of a map's file; a damaged form is left out."""
    return GainMapNumbers(_hdrgm(xmp), _iso(iso) if iso is not None else None, _apple(xmp))


def _list(name: str, values: Sequence[str]) -> str:
    items = "".join(f"<rdf:li>{each}</rdf:li>" for each in values)
    return f"<hdrgm:{name}><rdf:Seq>{items}</rdf:Seq></hdrgm:{name}>"


def _hdrgm(xmp: bytes) -> dict[str, tuple[str, ...]]:
    single, lists = read_properties(xmp, HDRGM), read_lists(xmp, HDRGM)
    if single.get("Version") != _VERSION:
        return {}
    kept: dict[str, tuple[str, ...]] = {}
    for name in _PER_CHANNEL + _OF_ALL:
        values = lists.get(name) or ((single[name],) if name in single else ())
        if not values:
            continue
        numbers = [_number(value) for value in values]
        is_right = len(numbers) == 1 or (len(numbers) == 3 and name in _PER_CHANNEL)
        if not is_right or not all(_is_in_range(name, number) for number in numbers):
            return {}
        kept[name] = tuple(f"{number:.9g}" for number in numbers)
    if not all(name in kept for name in _NECESSARY):
        return {}
    kept[_IS_HDR] = ("True" if single.get(_IS_HDR, "").lower() == "true" else "False",)
    return kept


def _apple(xmp: bytes) -> dict[str, str]:
    """Apple's map without a headroom of its own depends on a maker note, which never passes."""
    found = read_properties(xmp, _APPLE)
    version, headroom = found.get("HDRGainMapVersion", ""), _number(found.get("HDRGainMapHeadroom", ""))
    is_known = version.isascii() and version.isdigit() and len(version) <= 9
    if not is_known or not 1 <= headroom <= _MOST:
        return {}
    return {"HDRGainMapVersion": version, "HDRGainMapHeadroom": f"{headroom:.9g}"}


def _iso(block: bytes) -> bytes | None:
    """The block, if it has numbers alone: versions, flags, two headrooms, and five fractions for each channel."""
    if len(block) < _ISO_HEAD or block[:2] != b"\0\0":
        return None
    flags = block[4]
    if flags & ~(_IS_MULTICHANNEL | _USES_BASE_COLOUR | _IS_BACKWARD | _HAS_COMMON_DENOMINATOR):
        return None
    fields = 2 + _FIELDS_PER_CHANNEL * (3 if flags & _IS_MULTICHANNEL else 1)
    words = 1 + fields if flags & _HAS_COMMON_DENOMINATOR else 2 * fields
    if len(block) != _ISO_HEAD + 4 * words:
        return None
    numbers = struct.unpack_from(f">{words}I", block, _ISO_HEAD)
    denominators = numbers[:1] if flags & _HAS_COMMON_DENOMINATOR else numbers[1::2]
    return block if all(denominators) else None


def _number(text: str) -> float:
    try:
        return float(text) if len(text) <= 32 else math.nan
    except ValueError:
        return math.nan


def _is_in_range(name: str, number: float) -> bool:
    return abs(number) <= _MOST and (number > 0 or name != "Gamma")

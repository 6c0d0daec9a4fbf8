"""JPEG files with a gain map as phones write them, built without the product's writer."""

from __future__ import annotations

import io
import struct

from PIL import Image

from tests.pictures import encoded

ISO_NAME = b"urn:iso:std:iso:ts:21496:-1\0"
HDRGM = (
    'hdrgm:Version="1.0" hdrgm:GainMapMin="-0.5" hdrgm:GainMapMax="2.25" hdrgm:Gamma="0.75" hdrgm:OffsetSDR="0.015625" '
    'hdrgm:OffsetHDR="0.015625" hdrgm:HDRCapacityMin="0" hdrgm:HDRCapacityMax="2.25" hdrgm:BaseRenditionIsHDR="False"'
)
APPLE = (
    'xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/" xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" '
    'apdi:AuxiliaryImageType="urn:com:apple:photo:2020:aux:hdrgainmap" HDRGainMap:HDRGainMapVersion="131072"'
)
APPLE_HEADROOM = ' HDRGainMap:HDRGainMapHeadroom="4.5"'
PER_CHANNEL = (
    "<hdrgm:GainMapMax><rdf:Seq><rdf:li>1.5</rdf:li><rdf:li>2</rdf:li><rdf:li>2.5</rdf:li></rdf:Seq></hdrgm:GainMapMax>"
)


def packet(attributes: str, children: str = "") -> bytes:
    """An XMP packet with the namespaces of gain maps."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" '
        f"{attributes}>{children}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def iso_block(channels: int = 1) -> bytes:
    """The block of ISO 21496-1: headrooms of 0 and 2 stops, gains from 0 to 2 stops."""
    fractions = [(0, 1), (2, 1)] + [(0, 1), (2, 1), (1, 1), (1, 64), (1, 64)] * channels
    flags = 0x40 | (0x80 if channels == 3 else 0)
    return bytes(4) + bytes([flags]) + b"".join(struct.pack(">II", *each) for each in fractions)


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def map_file(image: Image.Image, xmp: bytes | None = None, iso: bytes | None = None, exif: bytes = b"") -> bytes:
    """The file of a gain map."""
    options = {"xmp": xmp} if xmp is not None else {}
    data = encoded(image, "JPEG", quality=90, exif=exif, **options)
    return data if iso is None else data[:2] + segment(0xE2, ISO_NAME + iso) + data[2:]


def with_pictures(primary: bytes, *further: bytes, has_index: bool = True, trailer: bytes = b"") -> bytes:
    """One file of several, with an index in little-endian order."""
    if not has_index:
        return primary + b"".join(further) + trailer
    count = 1 + len(further)
    payload_bytes = 4 + 8 + 2 + 3 * 12 + 4 + 16 * count
    first_bytes = len(primary) + 4 + payload_bytes
    entries = struct.pack("<IIIHH", 0x030000, first_bytes, 0, 0, 0)
    at = first_bytes - (2 + 4 + 4)  # offsets count from the index's own header
    for each in further:
        entries += struct.pack("<IIIHH", 0, len(each), at, 0, 0)
        at += len(each)
    directory = struct.pack("<HHHI4s", 3, 0xB000, 7, 4, b"0100") + struct.pack("<HHII", 0xB001, 4, 1, count)
    directory += struct.pack("<HHII", 0xB002, 7, len(entries), 8 + 2 + 36 + 4) + bytes(4)
    index = segment(0xE2, b"MPF\0II*\0" + struct.pack("<I", 8) + directory + entries)
    return primary[:2] + index + primary[2:] + b"".join(further) + trailer


def ultra_hdr(primary: bytes, gain_map: Image.Image, attributes: str = HDRGM, iso: bytes | None = None) -> bytes:
    """A file with a gain map by XMP, and by ISO 21496-1 with ``iso``."""
    announced = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet('hdrgm:Version="1.0"'))
    second = map_file(gain_map, packet(attributes) if attributes else None, iso)
    return with_pictures(primary[:2] + announced + primary[2:], second)


def second_picture(data: bytes) -> Image.Image:
    """The picture behind the main one, by Pillow alone: where the last start of an image is."""
    return Image.open(io.BytesIO(data[data.rindex(b"\xff\xd8\xff") :]))

"""Profiles, and files that say the meaning of their colours by EXIF or by the header of a BMP."""

from __future__ import annotations

import struct

from PIL import Image, ImageCms
from PIL.ExifTags import IFD, Base

from blurline.picture.colour_profile import assembled, clean_profile, tags_of
from tests.pictures import encoded

ADOBE_CHRM = struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)


def swapped_profile() -> bytes:
    """LittleCMS's profile of sRGB with red and green exchanged."""
    whole = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    names = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}
    swapped = assembled(whole[:128], [(names.get(tag, tag), body) for tag, body in tags_of(whole) or ()])
    assert clean_profile(swapped) is not None
    return swapped


def adobe_rgb_by_exif(image: Image.Image, format_: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif.get_ifd(IFD.Exif)[Base.ColorSpace] = 65535
    exif.get_ifd(IFD.Exif)[IFD.Interop] = {1: "R03"}
    return encoded(image, format_, exif=exif, quality=95)


def adobe_rgb_by_bmp_header(image: Image.Image) -> bytes:
    """A header of version 4: XYZ of the primaries (Adobe RGB (1998), 4.3.4), and an exponent for each channel."""
    plain = encoded(image, "BMP")
    xyz = (0.57667, 0.29734, 0.02703, 0.18556, 0.62736, 0.07069, 0.18823, 0.07529, 0.99134)
    colour = bytes(16 + 4) + struct.pack("<9i3I", *(round(value * 2**30) for value in xyz), *[563 * 256] * 3)
    size = struct.pack("<I", 108)
    return plain[:10] + struct.pack("<I", 14 + 108) + size + plain[18:54] + colour + plain[54:]


def cmyk_profile(entries: bytes) -> bytes:
    """A press by its table of two steps for each ink, to Lab of 8 bits."""
    identity = bytes(range(256))
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + identity * 4 + entries + identity * 3
    header = bytearray(128)
    header[8:12], header[12:24], header[36:40] = b"\2\x40\0\0", b"prtrCMYKLab ", b"acsp"
    header[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    return assembled(bytes(header), [(b"A2B0", table), (b"wtpt", b"XYZ " + bytes(4) + bytes(header[68:80]))])

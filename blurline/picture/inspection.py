"""Inspects a written file for anything that it should not contain."""

from __future__ import annotations

import io

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from blurline.picture.formats import jpeg, png, webp
from blurline.picture.gain_map_result import without_map
from blurline.picture.metadata import MANDATORY_IN_JPEG, MANDATORY_IN_TIFF, ORIENTATION, Metadata
from blurline.picture.photo import Format, Photo

_FOREIGN = {Format.JPEG: jpeg.foreign_parts, Format.PNG: png.foreign_parts, Format.WEBP: webp.foreign_parts}
_MANDATORY = {Format.JPEG: MANDATORY_IN_JPEG, Format.TIFF: MANDATORY_IN_TIFF}
_DIRECTORIES = {IFD.Exif, IFD.GPSInfo}
_TIFF_STRUCTURE = frozenset(
    {254, 256, 257, 258, 259, 262, 273, 277, 278, 279, 282, 283, 284, 296, 297, 317, 320, 338, 339, 700, 34675}
)


def leftovers(data: bytes, written: Photo, allowed: Metadata) -> list[str]:
    """Names of unwanted parts of a file: foreign parts of its container, further pictures, a thumbnail, and metadata
    beyond ``allowed``. ``written`` is the file, opened again."""
    format_ = written.encoding.format
    found: list[str] = []
    if written.gain_map is not None:
        data, found = without_map(data)
    found += list(_FOREIGN[format_](data)) if format_ in _FOREIGN else []
    if written.facts.pictures > len(written.facts.frames):
        found.append("further pictures")
    with Image.open(io.BytesIO(data)) as image:
        block = image.getexif()
        structure = _TIFF_STRUCTURE if format_ is Format.TIFF else frozenset[int]()
        mandatory = _MANDATORY.get(format_, frozenset[int]())
        known = {ORIENTATION, *allowed.main, *_DIRECTORIES, *structure, *mandatory}
        found += [f"EXIF tag {tag}" for tag in block if tag not in known]
        found += [
            f"EXIF tag {tag}"
            for tag in block.get_ifd(IFD.Exif)
            if tag not in {*allowed.exif, *mandatory, Base.ExifVersion}
        ]
        found += [f"GPS tag {tag}" for tag in block.get_ifd(IFD.GPSInfo) if tag not in {*allowed.gps, GPS.GPSVersionID}]
        if format_ is not Format.TIFF and block.get_ifd(IFD.IFD1):
            found.append("a thumbnail")
        found += [name for name in ("comment", "photoshop") if name in image.info]
    if set(written.metadata.panorama) - set(allowed.panorama) or set(written.metadata.pose) - set(allowed.pose):
        found.append("XMP properties")
    return found

"""Geotagged pictures of one drive, made from the samples: portraits, empty tables, a sphere and a small crowd."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.ExifTags import GPS, IFD, Base

from blurline.picture.formats.xmp import GPANO, written_packet
from tests.pictures import ASTRONAUT, COFFEE, GROUP, HOPPER, TO_ORIENTATION
from tests.spheres import background, face_points, with_face

COUNT = 30
SPHERE, CROWD = "12.jpg", "20.jpg"
_START = datetime(2026, 5, 3, 10, 0, 0)
_LATITUDE, _LONGITUDE, _STEP = 48.8584, 2.2945, 0.0001  # 11 m
_WIDTH = 2000
_FACES_AT = ((0.0, 0.0), (90.0, -10.0), (180.0, 5.0))  # yaw and pitch; the last one is cut by the picture's edge


def write_drive(folder: Path) -> dict[str, NDArray[np.uint8]]:
    """Write the files, and return what people see in them, by name."""
    folder.mkdir()
    shown = {}
    for at in range(COUNT):
        name = f"{at:02}.jpg"
        image, orientation = _content(at, name)
        options: dict[str, Any] = {"exif": _exif(at, orientation), "quality": 92}
        if name == SPHERE:
            options["xmp"] = written_packet({(GPANO, "GPano"): {"ProjectionType": "equirectangular"}})
        transpose = TO_ORIENTATION[orientation]
        stored = image if transpose is None else image.transpose(transpose)
        stored.save(folder / name, "JPEG", **options)
        with Image.open(folder / name) as written:
            shown[name] = np.asarray(ImageOps.exif_transpose(written))
    return shown


def faces_of_the_sphere() -> list[tuple[NDArray[np.int64], ...]]:
    """Rows and columns of the sphere's pixels under each of its faces."""
    return [face_points(_WIDTH, yaw, pitch, (9, 12)) for yaw, pitch in _FACES_AT]


def _content(at: int, name: str) -> tuple[Image.Image, int]:
    """The upright picture and the orientation in which it is stored."""
    if name == SPHERE:
        return _sphere(), 1
    if name == CROWD:
        crowd = Image.open(GROUP).convert("RGB")
        crowd.thumbnail((300, 300))
        return crowd, 1
    image = Image.open((HOPPER, ASTRONAUT, COFFEE)[at % 3]).convert("RGB")
    return (ImageOps.mirror(image) if at % 2 else image), (6 if at % 4 == 0 else 1)


def _sphere() -> Image.Image:
    pixels = background(_WIDTH)
    face = Image.open(HOPPER).convert("RGB")
    for yaw, pitch in _FACES_AT:
        pixels = with_face(pixels, face, yaw, pitch, 30)
    return Image.fromarray(pixels)


def _exif(at: int, orientation: int) -> Image.Exif:
    block = Image.Exif()
    block[Base.Make], block[Base.Model], block[Base.Orientation] = "Blurline", "Test", orientation
    taken = f"{_START + timedelta(seconds=2 * at):%Y:%m:%d %H:%M:%S}"
    block.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = taken
    block.get_ifd(IFD.Exif)[Base.OffsetTimeOriginal] = "+00:00"
    position = block.get_ifd(IFD.GPSInfo)
    position[GPS.GPSLatitudeRef], position[GPS.GPSLatitude] = "N", _degrees(_LATITUDE + _STEP * at)
    position[GPS.GPSLongitudeRef], position[GPS.GPSLongitude] = "E", _degrees(_LONGITUDE)
    return block


def _degrees(value: float) -> tuple[float, float, float]:
    minutes = value % 1 * 60
    return float(int(value)), float(int(minutes)), round(minutes % 1 * 60, 4)

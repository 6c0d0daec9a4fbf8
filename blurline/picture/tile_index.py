"""Where the tiles of a picture lie in their file.

The layout is that of Deep Zoom: JPEGs of `TILE_PX` a side without overlap. The highest level has every pixel, each
lower one half the size, level 0 one pixel. All tiles of a file are in one ZIP without compression, so that a range of
its bytes is a tile, and nobody decodes the picture to show a part of it. `blurline.picture.tile_cutting` writes it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

TILE_PX = 512
TILES_MEDIA_TYPE = "application/zip"
SIZES_NAME = "frames.json"
_LOCAL_HEADER_BYTES = 30


@dataclass(frozen=True, slots=True)
class TilePlace:
    """A tile: frame from 0, level, and position among the tiles of its level."""

    frame: int
    level: int
    column: int
    row: int

    @property
    def name(self) -> str:
        """The name of the tile in the file."""
        return f"{self.frame}/{self.level}/{self.column}_{self.row}.jpg"


@dataclass(frozen=True, slots=True)
class TileIndex:
    """What a file of tiles holds: (width, height) of each frame in pixels, (first byte, bytes) of each tile, and the
    frames that are spheres by number: full width and height of the sphere, and the frame's left and top in it."""

    sizes_px: tuple[tuple[int, int], ...]
    ranges: dict[str, tuple[int, int]]
    spheres: dict[int, tuple[float, float, float, float]]

    def range_of(self, place: TilePlace) -> tuple[int, int] | None:
        """The first byte and the number of bytes of a tile; None if there is no such tile."""
        return self.ranges.get(place.name)


def top_level(width_px: int, height_px: int) -> int:
    """The level of a picture that has every pixel."""
    return (max(width_px, height_px) - 1).bit_length()


def read_index(file: BinaryIO) -> TileIndex:
    """Read the index of a file of tiles. Raises ValueError when it is none."""
    try:
        with ZipFile(file) as tiles:
            frames = json.loads(tiles.read(SIZES_NAME))
            ranges = {
                each.filename: (
                    each.header_offset + _LOCAL_HEADER_BYTES + len(each.filename.encode()),
                    each.file_size,
                )
                for each in tiles.infolist()
                if each.filename != SIZES_NAME
            }
    except (BadZipFile, KeyError) as error:
        raise ValueError(f"The file holds no tiles ({error}).") from error
    spheres = {number: tuple(more[0]) for number, (_, _, *more) in enumerate(frames) if more}
    return TileIndex(tuple((width, height) for width, height, *_ in frames), ranges, spheres)

"""A view of a picture, put together from its tiles: nobody decodes the whole picture for it."""

from __future__ import annotations

import io
from uuid import UUID

from PIL import Image

from blurline.client import Client, PreviewOf
from blurline.storage.preview_keys import PreviewSize

_QUALITY = 85


def tiled_view(client: Client, image_id: UUID, of: PreviewOf, number: int = 0) -> tuple[bytes, tuple[int, int]]:
    """A JPEG of a frame, at most as large as the views for review, and the full size of the frame in pixels.

    Raises the client's errors.
    """
    tiles = client.tiles(image_id, of)
    frame = tiles.frames[number]
    level, size = frame.top_level, (frame.width_px, frame.height_px)
    while max(size) > PreviewSize.VIEW.side_px:
        level, size = level - 1, ((size[0] + 1) // 2, (size[1] + 1) // 2)
    view = Image.new("RGB", size)
    for left in range(0, size[0], tiles.tile_px):
        for top in range(0, size[1], tiles.tile_px):
            tile = client.tile(image_id, of, number, level, left // tiles.tile_px, top // tiles.tile_px)
            view.paste(Image.open(io.BytesIO(tile)), (left, top))
    file = io.BytesIO()
    view.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue(), (frame.width_px, frame.height_px)

"""Previews show what their frame shows, in every size and shape."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from blurline.picture.decode import open_photo
from blurline.picture.preview import preview
from blurline.storage.preview_keys import PreviewSize
from tests.pictures import GROUP, encoded


@pytest.mark.parametrize("size", PreviewSize)
@pytest.mark.parametrize("sides_px", [(4400, 2750), (1800, 1125), (300, 200), (2750, 4400), (9000, 12), (12, 9000)])
def test_a_preview_looks_like_its_frame(size: PreviewSize, sides_px: tuple[int, int]) -> None:
    with Image.open(GROUP) as group:
        image = group.convert("RGB").resize(sides_px, Image.Resampling.LANCZOS)
    shown = Image.open(io.BytesIO(preview(open_photo(encoded(image, "PNG", compress_level=1)).frames[0], size)))
    assert max(shown.size) == min(size.side_px, max(sides_px))
    expected = Image.open(io.BytesIO(encoded(image.resize(shown.size, Image.Resampling.BILINEAR), "JPEG", quality=80)))
    difference = np.asarray(shown, np.float32) - np.asarray(expected, np.float32)
    assert np.sqrt((difference**2).mean()) < 2.5
    assert np.abs(difference.mean(axis=(0, 1))).max() < 0.5

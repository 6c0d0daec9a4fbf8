from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from blurline.faces import Faces
from blurline.picture.letterbox import TILE_PX, ScaledImage, scale_to_fit, scale_to_side


def _marked(width: int, height: int, x: int, y: int, side: int) -> Image.Image:
    """A grey picture with a white square."""
    pixels = np.full((height, width, 3), 60, np.uint8)
    pixels[y : y + side, x : x + side] = 255
    return Image.fromarray(pixels)


def _seen(picture: ScaledImage, fixed: tuple[int, int] | None = None, turns: int = 0, mirrored: bool = False) -> Faces:
    """The box of the white square in every input that contains part of it, mapped back to the picture."""
    found = []
    for each in picture.letterboxes(fixed=fixed, quarter_turns=turns, is_mirrored=mirrored):
        rows, columns = np.nonzero(each.pixels[:, :, 0] > 160)
        if len(rows):
            box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, 1]
            found.append(each.to_photo(np.array([box], np.float32)))
    return np.concatenate(found)


@settings(deadline=None)
@given(
    width=st.integers(150, 280),
    height=st.integers(150, 280),
    side=st.sampled_from([64, 160, 320, 480]),
    turns=st.integers(0, 3),
    mirrored=st.booleans(),
    x=st.integers(0, 100),
    y=st.integers(0, 100),
)
def test_boxes_map_back_from_every_input_of_the_picture(
    width: int, height: int, side: int, turns: int, mirrored: bool, x: int, y: int
) -> None:
    picture = scale_to_side(_marked(width, height, x, y, 40), side)
    assert max(picture.pixels.shape[:2]) == side
    (box,) = _seen(picture, turns=turns, mirrored=mirrored)
    assert np.allclose(box[:4], [x, y, x + 40, y + 40], atol=1.5 / picture.scale)
    (shown,) = picture.letterboxes(quarter_turns=turns, is_mirrored=mirrored)
    assert all(length % 32 == 0 for length in shown.pixels.shape[:2])
    assert shown.pixels[shown.area[3] :].max(initial=0) == 0


def test_a_fixed_input_keeps_the_aspect_ratio() -> None:
    (box,) = scale_to_fit(Image.new("RGB", (400, 100), (200, 200, 200)), 640, 640).letterboxes(fixed=(640, 640))
    assert box.pixels.shape == (640, 640, 3)
    assert box.pixels[:160].min() == 200
    assert box.pixels[160:].max() == 0


@settings(deadline=None, max_examples=30)
@given(x=st.integers(0, 560), y=st.integers(0, 360))
def test_tiles_cover_a_large_picture_and_keep_every_small_face_whole(x: int, y: int) -> None:
    picture = scale_to_side(_marked(600, 400, x, y, 24), 600)
    inputs = list(picture.letterboxes(fixed=(256, 256)))
    assert len(inputs) > 1
    assert min(each.max_face_px for each in inputs) >= 24
    found = _seen(picture, fixed=(256, 256))
    assert len(found) >= 1
    assert (found[:, :4] == [x, y, min(x + 24, 600), min(y + 24, 400)]).all()


def test_no_input_is_larger_than_a_tile_and_a_narrow_picture_is_not_enlarged() -> None:
    inputs = list(scale_to_side(Image.new("RGB", (6000, 300)), 1920).letterboxes())
    assert len(inputs) > 1
    assert max(max(each.pixels.shape) for each in inputs) <= TILE_PX
    assert scale_to_side(Image.new("RGB", (5000, 1)), 1280).pixels.size < 1280 * 1280 * 3


def test_a_face_on_the_seam_of_a_panorama_is_seen_whole_and_mapped_to_both_edges() -> None:
    pixels = np.roll(np.asarray(_marked(1280, 640, 600, 300, 60)), 1280 - 630, axis=1)  # 30 px at either edge
    (shown,) = scale_to_side(Image.fromarray(pixels), 1280).letterboxes()
    assert (shown.pixels[300:360, 1250:1310, 0] == 255).all()
    found = shown.to_photo(np.array([[1250, 300, 1310, 360, 1]], np.float32))
    assert sorted(found[:, :4].tolist()) == [[-30, 300, 30, 360], [1250, 300, 1310, 360]]

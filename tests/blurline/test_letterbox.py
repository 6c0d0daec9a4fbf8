from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from blurline.letterbox import letterbox


@settings(deadline=None)
@given(width=st.integers(1, 300), height=st.integers(1, 300), side=st.sampled_from([64, 160, 320]))
def test_the_picture_keeps_its_shape_and_boxes_find_their_way_back(width: int, height: int, side: int) -> None:
    (box,) = letterbox(np.full((height, width, 3), 200, np.uint8), [side])
    assert all(length % 32 == 0 for length in box.pixels.shape[:2])
    inner = (round(width * box.scale_x), round(height * box.scale_y))
    assert max(inner) == side
    assert box.pixels[: inner[1], : inner[0]].min() == 200
    assert box.pixels[inner[1] :].max(initial=0) == 0
    whole = np.array([[0, 0, *inner, 1]], np.float32)
    assert np.allclose(box.to_photo(whole), [[0, 0, width, height, 1]], atol=1e-3)


def test_a_fixed_input_is_filled_without_squashing() -> None:
    (box,) = letterbox(np.full((100, 400, 3), 200, np.uint8), [], fixed=(640, 640))
    assert box.pixels.shape == (640, 640, 3)
    assert box.pixels[:160].min() == 200
    assert box.pixels[160:].max() == 0

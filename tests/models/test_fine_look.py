"""The passes for small faces of large pictures: when they run, and the limits of what they show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from blurline.picture.letterbox import scale_of_side, side_of_scale
from blurline.policy.profile import FINE_REGIONS_PX, FINE_SCOUT_AREA_PX, PROFILES, SMALL_PX, Pass, ProfileName
from models.fine_look import fine_passes, small_questions
from models.look import PassFaces

STANDARD = PROFILES[ProfileName.STANDARD]
FACE_PX = 40


def rows(*boxes: tuple[float, ...]) -> np.ndarray:
    return np.array(boxes, np.float32).reshape(-1, 5)


@given(width=st.integers(100, 30000), height=st.integers(100, 30000))
def test_a_scout_sees_a_face_of_40_pixels_in_every_shape_at_a_limited_cost(width: int, height: int) -> None:
    assume(max(width, height) > SMALL_PX and width * height <= 200e6)
    passes = STANDARD.passes_for(width, height)
    passes += fine_passes(passes, width, height)
    scales = [scale_of_side(each.side_px, width, height) for each in passes if each.is_scout]
    assert max(scales) * FACE_PX > 13
    if len(scales) > 1:
        assert scales[-1] ** 2 * width * height < 1.01 * FINE_SCOUT_AREA_PX


@pytest.mark.parametrize("size", [(640, 480), (1920, 1350), (4032, 3024), (1200, 4000)])
def test_an_ordinary_picture_gets_no_further_passes(size: tuple[int, int]) -> None:
    assert fine_passes(STANDARD.passes_for(*size), *size) == ()


@given(scale=st.floats(0.02, 1), width=st.integers(1500, 30000), height=st.integers(1500, 30000))
def test_a_scale_has_a_side(scale: float, width: int, height: int) -> None:
    side_px = side_of_scale(scale, width, height)
    assert scale_of_side(side_px, width, height) == pytest.approx(scale, rel=0.03)


def test_questions_are_small_and_not_answered_yet() -> None:
    small, faint, large, sure = (
        (500, 500, 540, 540, 0.12),
        (900, 500, 940, 540, 0.05),
        (1500, 500, 1900, 900, 0.5),
        (2500, 500, 2540, 540, 0.9),
    )
    coarse = PassFaces(Pass(1280), rows(sure), 0.2)
    scout = PassFaces(Pass(3000, is_scout=True), rows(small, faint, large, sure), 0.5)
    focus = small_questions([coarse, scout], 1.0, 24e6)
    assert focus.rows[:, 0].tolist() == [500]
    assert focus.max_face_px == pytest.approx(120)


def test_the_best_questions_are_looked_at_if_there_are_too_many() -> None:
    left, score = np.arange(2000) * 60.0, np.linspace(0.2, 0.9, 2000)
    found = np.column_stack([left, left * 0, left + 40, left * 0 + 40, score]).astype(np.float32)
    coarse = PassFaces(Pass(1280), rows(), 0.2)
    shown = small_questions([coarse, PassFaces(Pass(3000, is_scout=True), found, 0.5)], 1.0, 16e6).rows
    assert 100 < len(shown) < FINE_REGIONS_PX / 80**2
    assert shown[:, 4].min() == pytest.approx(np.sort(score)[-len(shown)])

"""The passes for small faces of large pictures: when they run, and the limits of what they show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from blurline.picture.letterbox import scale_of_side, side_of_scale
from blurline.policy.profile import (
    FINE_REGIONS_OF_PX,
    FINE_REGIONS_PX,
    FINE_SCOUT_AREA_PX,
    PROFILES,
    SMALL_PX,
    Pass,
    ProfileName,
)
from models.fine_look import fine_passes, small_questions
from models.look import PassFaces
from models.regions import plan_regions, share_of

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
    focus = small_questions([coarse, scout], 1.0, 6000, 4000)
    assert focus.rows[:, 0].tolist() == [500]
    assert focus.max_face_px == pytest.approx(120)


@pytest.mark.parametrize("step_px", [60, 200, 700], ids=["a dense crowd", "a crowd", "apart"])
def test_the_best_questions_are_looked_at_if_there_are_too_many(step_px: int) -> None:
    generator = np.random.default_rng(1)
    left, top = (each.ravel() for each in np.meshgrid(*[np.arange(0, min(100 * step_px, 14_000), step_px)] * 2))
    score = generator.permutation(np.linspace(0.2, 0.9, len(left)))
    found = np.column_stack([left, top, left + 40, top + 40, score]).astype(np.float32)
    coarse = PassFaces(Pass(1280), rows(), 0.09)
    shown = small_questions([coarse, PassFaces(Pass(5600, is_scout=True), found, 0.4)], 0.7, 14_000, 14_000).rows
    regions = plan_regions(shown[:, :4] * 0.7, 9800, 9800)
    limit_px = FINE_REGIONS_PX * math.sqrt(14_000**2 / FINE_REGIONS_OF_PX)
    assert share_of(regions, 9800, 9800) * 9800**2 <= limit_px
    assert len(shown) == len(found) or len(shown) > 100
    assert shown[:, 4].min() == pytest.approx(np.sort(score)[-len(shown)])

from __future__ import annotations

import numpy as np
import pytest

from blurline import Policy
from blurline.decision.choice import choose
from blurline.policy.region import Region, SizeLimits, Unit

WIDTH_PX, HEIGHT_PX = 1000, 500
ROWS = np.array([[100, 100, 200, 220, 0.9], [600, 100, 620, 130, 0.5], [800, 300, 900, 400, 0.2]], np.float32)
RIGHT_HALF = Region(x1=0.5, y1=0, x2=1, y2=1)


def chosen(policy: Policy, threshold: float = 0.3) -> tuple[list[int], list[int]]:
    """The indices of the rows that are destroyed, and of those left on purpose."""
    choice = choose(ROWS, policy, threshold, WIDTH_PX, HEIGHT_PX)
    assert not (choice.is_destroyed & choice.is_left).any()
    return np.nonzero(choice.is_destroyed)[0].tolist(), np.nonzero(choice.is_left)[0].tolist()


@pytest.mark.parametrize(
    ("policy", "destroyed", "left"),
    [
        (Policy(), [0, 1], []),
        (Policy(min_score=0.15), [0, 1, 2], []),
        (Policy(min_score=0.6), [0], [1]),
        (Policy(keep_regions=(RIGHT_HALF,)), [0], [1]),
        (Policy(keep_regions=(Region(x1=150, y1=0, x2=160, y2=500, unit=Unit.PIXEL),)), [0, 1], []),
        (Policy(size_limits=SizeLimits(min_side=50, unit=Unit.PIXEL)), [0], [1]),
        (Policy(size_limits=SizeLimits(max_side=0.1)), [1], [0]),
    ],
)
def test_a_policy_decides_on_every_face(policy: Policy, destroyed: list[int], left: list[int]) -> None:
    assert chosen(policy) == (destroyed, left)


def test_the_size_of_a_face_in_a_sphere_is_its_height() -> None:
    pole = np.array([[0, 440, 1000, 500, 0.9]], np.float32)
    policy = Policy(size_limits=SizeLimits(max_side=0.1))
    for is_sphere in (False, True):
        choice = choose(pole, policy, 0.3, WIDTH_PX, HEIGHT_PX, is_sphere=is_sphere)
        assert choice.is_destroyed.tolist() == [is_sphere]


def test_visible_faces_are_those_neither_covered_nor_left_on_purpose() -> None:
    policy = Policy(keep_regions=(RIGHT_HALF,), always_regions=(Region(x1=0, y1=300, x2=100, y2=400, unit=Unit.PIXEL),))
    choice = choose(ROWS, policy, 0.3, WIDTH_PX, HEIGHT_PX)
    seen = np.array(
        [
            [110, 110, 190, 210, 0.9],  # in a destroyed face
            [600, 100, 620, 130, 0.9],  # kept
            [10, 310, 80, 390, 0.9],  # in an always-region
            [300, 100, 400, 200, 0.9],
            [190, 190, 290, 290, 0.9],  # a corner of it is covered
        ],
        np.float32,
    )
    assert choice.uncovered(seen, policy, WIDTH_PX, HEIGHT_PX).tolist() == [False, False, False, True, True]


def test_regions_are_the_same_in_either_unit() -> None:
    relative = Region(x1=0.1, y1=0.2, x2=0.5, y2=1)
    pixels = Region(x1=100, y1=100, x2=500, y2=500, unit=Unit.PIXEL)
    assert relative.box(WIDTH_PX, HEIGHT_PX) == pixels.box(WIDTH_PX, HEIGHT_PX)

"""Which way up the parts of a picture lie, by what is seen in each way up."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from blurline import Policy, ProfileName
from blurline.picture.photo import Frame
from models import plan_for
from models.merge import iou
from models.ways_up import all_upright, sees_more, ways_up
from tests.pictures import ASTRONAUT

NOTHING = np.zeros((0, 5), np.float32)


def rows(*boxes: tuple[float, ...]) -> np.ndarray:
    return np.array(boxes, np.float32).reshape(-1, 5)


def at(x: float, y: float, score: float = 0.9, side: float = 40) -> tuple[float, ...]:
    return (x - side / 2, y - side / 2, x + side / 2, y + side / 2, score)


def test_a_picture_that_lies_one_way_is_one_part() -> None:
    for turns in range(4):
        seen = [NOTHING] * 4
        seen[turns] = rows(at(100, 100), at(700, 300))
        assert (ways_up(seen, 800, 600).turns == turns).all()
    assert (ways_up([NOTHING] * 4, 800, 600).turns == 0).all()


def test_each_picture_on_a_page_is_a_part_of_its_own() -> None:
    corners = [(200, 150), (600, 150), (200, 450), (600, 450)]
    seen = [rows(at(x, y), at(x + 60, y + 30)) for x, y in corners]
    ways = ways_up(seen, 800, 600)
    assert ways.at(np.concatenate(seen)).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    for turns, (x, y) in enumerate(corners):
        assert ways.at(rows(at(x + 120, y + 100), at(x - 120, y - 100))).tolist() == [turns, turns]


def test_the_parts_cover_the_picture_once() -> None:
    ways = ways_up([rows(at(100, 100)), rows(at(700, 500)), NOTHING, rows(at(700, 100))], 800, 600)
    cells = np.concatenate([ways.cells(turns) for turns in range(4)])
    assert np.prod(cells[:, 2:4] - cells[:, :2], axis=1).sum() == 800 * 600
    assert len(np.unique(cells[:, :2], axis=0)) == len(cells)
    for turns in range(4):
        assert (ways.at(ways.cells(turns)) == turns).all()
    assert len(all_upright(800, 600).cells(1)) == 0


def test_a_faint_candidate_in_another_way_up_has_no_vote() -> None:
    assert (ways_up([NOTHING, rows(at(100, 100, 0.4)), NOTHING, NOTHING], 800, 600).turns == 0).all()


@pytest.mark.parametrize(
    ("turned", "upright", "expected"),
    [
        ([], [at(100, 100)], False),
        ([at(100, 100, 0.5)], [], True),
        ([at(100, 100, 0.5)], [at(700, 500)], False),  # not enough where the upright passes see a face
        ([at(100, 100, 0.5), at(200, 100, 0.5)], [at(700, 500)], True),
        ([at(100, 100), at(200, 100)], [at(100, 100), at(200, 100)], False),  # known
        ([at(100, 100, 0.8)], [at(100, 100, 0.6), at(700, 500)], True),  # known, but seen better
        ([at(100, 100, 0.41), at(600, 500, 0.41)], [at(130, 100), at(630, 500)], False),  # outvoted
        ([at(100, 100, 0.3)] * 3, [], False),
        ([at(100, 100, 0.5)] * 3, [at(700, 500)], False),  # one face, seen three times
    ],
)
def test_a_scout_sees_more_where_the_upright_passes_see_less(
    turned: list[tuple[float, ...]], upright: list[tuple[float, ...]], expected: bool
) -> None:
    assert sees_more(rows(*turned), lambda: rows(*upright), 0.4, 0.6) is expected


@pytest.mark.parametrize("profile", ProfileName)
def test_the_faces_of_a_page_are_found_whichever_way_each_picture_lies(profile: ProfileName) -> None:
    portrait = Image.open(ASTRONAUT).convert("RGB").crop((100, 0, 356, 256))
    plan, side = plan_for(Policy(profile=profile)), 300
    page = Image.new("RGB", (2 * side, 2 * side), (235, 235, 235))
    for turns in range(4):
        page.paste(portrait.rotate(90 * turns), (turns % 2 * side + 22, turns // 2 * side + 22))
    (upright,) = plan.detect(Frame(np.asarray(portrait))).rows[:1, :4]
    found = plan.detect(Frame(np.asarray(page))).rows
    found = found[found[:, 4] >= plan.threshold]
    x1, y1, x2, y2 = upright
    turned = [(x1, y1, x2, y2), (y1, 256 - x2, y2, 256 - x1)]
    turned += [(256 - x2, 256 - y2, 256 - x1, 256 - y1), (256 - y2, x1, 256 - y1, x2)]
    for turns, box in enumerate(turned):
        x, y = turns % 2 * side + 22, turns // 2 * side + 22
        assert iou(np.array([box]) + np.array([x, y, x, y]), found).max() > 0.5, turns

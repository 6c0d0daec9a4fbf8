"""The steps of a look: where a pass looks, and what its silence means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from blurline.picture.letterbox import scale_to_side
from blurline.picture.photo import Frame
from blurline.policy import Policy
from blurline.policy.profile import PROFILES, Pass, ProfileName, Where
from models.detection_plan import Candidates, plan_for
from models.look import (
    PassFaces,
    PicturePart,
    focus_of,
    is_known,
    questions,
    regions_around,
    small_faces,
)
from models.merge import fuse
from models.regions import CELL_PX, plan_regions
from tests.pictures import HOPPER

NOTHING = np.zeros((0, 5), np.float32)

_boxes = st.lists(
    st.tuples(st.integers(-20, 990), st.integers(-20, 690), st.integers(1, 200), st.integers(1, 200)), max_size=25
).map(lambda boxes: np.array([[x, y, x + w, y + h] for x, y, w, h in boxes], float).reshape(-1, 4))


def rows(*boxes: tuple[float, ...]) -> np.ndarray:
    return np.array(boxes, np.float32).reshape(-1, 5)


def whole(side_px: int, faces: np.ndarray, scale: float) -> PassFaces:
    return PassFaces(Pass(side_px), faces, scale)


@given(boxes=_boxes, seed=st.integers(0, 9))
def test_regions_cover_every_box_and_do_not_depend_on_order(boxes: np.ndarray, seed: int) -> None:
    regions = plan_regions(boxes, 1000, 700)
    assert np.array_equal(plan_regions(np.random.default_rng(seed).permutation(boxes), 1000, 700), regions)
    inside = boxes.clip(0, [1000, 700, 1000, 700])
    for box in inside[(inside[:, 2:] > inside[:, :2]).all(axis=1)]:
        assert ((regions[:, :2] <= box[:2]) & (regions[:, 2:] >= box[2:])).all(axis=1).any()
    assert (regions[:, :2] % CELL_PX == 0).all()
    assert (regions >= 0).all() and (regions <= [1000, 700, 1000, 700]).all()


def test_near_boxes_share_a_region_and_far_ones_do_not() -> None:
    boxes = np.array([[100, 100, 130, 130], [160, 100, 190, 130], [900, 600, 930, 630]], float)
    assert len(plan_regions(boxes, 1000, 700)) == 2
    assert len(plan_regions(boxes[:0], 1000, 700)) == 0


def test_many_boxes_are_planned_in_bounded_steps() -> None:
    corner = np.random.default_rng(1).uniform(0, 20000, (5000, 2))
    assert 1 <= len(plan_regions(np.concatenate([corner, corner + 20], axis=1), 20000, 20000)) <= 400


def test_a_large_face_on_which_the_coarse_passes_agree_is_settled() -> None:
    large, faint = (100, 100, 400, 400, 0.9), (700, 100, 1000, 400, 0.2)
    small = (500, 500, 530, 530, 0.9)
    found = [whole(320, rows(large), 0.25), whole(640, rows(large, faint, small), 0.5)]
    assert questions(found, 1.0, 0.1)[:, 0].tolist() == [700, 500]
    assert questions(found, 1.0, 0.3)[:, 0].tolist() == [500]


def test_a_small_candidate_is_a_question_at_a_lower_score() -> None:
    small, large = (10, 10, 30, 30, 0.06), (200, 200, 300, 300, 0.06)
    assert questions([whole(640, rows(small, large), 0.5)], 1.0, 0.1)[:, 0].tolist() == [10]


def test_small_faces_are_measured_in_the_finest_pass() -> None:
    found = [whole(640, rows((0, 0, 60, 60, 0.9), (100, 0, 130, 30, 0.9), (200, 0, 230, 30, 0.1)), 0.5)]
    focus = small_faces(found, 2.0, 0.2, 24)
    assert focus.rows[:, 0].tolist() == [100]
    assert focus.max_face_px == 96


def test_the_silence_of_a_pass_counts_only_in_its_areas() -> None:
    face = rows((100, 100, 140, 140, 0.8))
    near, elsewhere = np.array([[50.0, 50, 200, 200]]), np.array([[500.0, 500, 700, 700]])
    for areas, score in ((None, 0.6), (near, 0.6), (elsewhere, 0.8), (elsewhere[:0], 0.8)):
        fused = fuse([face, NOTHING], [1, 1], 0.4, [np.inf, np.inf], [None, areas])
        assert fused[0, 4] == pytest.approx(score)


def test_a_pass_looks_where_a_scout_saw_something_small() -> None:
    tiny, large = (500, 500, 530, 530, 0.06), (100, 100, 400, 400, 0.06)
    scout = PassFaces(Pass(800, is_scout=True), rows(tiny, large), 0.625)
    found = [whole(320, NOTHING, 0.25), whole(640, NOTHING, 0.5), scout]
    focus = focus_of(Pass(1280, Where.QUESTIONS), 1.0, found, 1280)
    assert focus is not None and focus.rows[:, 0].tolist() == [500]


@pytest.mark.parametrize("name", [ProfileName.STANDARD, ProfileName.THOROUGH])
def test_the_fine_passes_of_a_cascade_show_regions_only(name: ProfileName) -> None:
    for size in ((1920, 1350), (416, 416)):
        passes = PROFILES[name].passes_for(*size)
        assert all(each.side_px <= 640 for each in passes if each.where is Where.WHOLE and not each.is_scout)
        assert any(each.side_px > 640 for each in passes if each.where is Where.QUESTIONS)


def test_what_the_upright_passes_show_is_no_question_for_rotated_ones() -> None:
    plan = plan_for(Policy(profile=ProfileName.THOROUGH))
    frame = Frame(np.asarray(Image.open(HOPPER).convert("RGB").resize((1024, 1024))))
    candidates = plan.candidates(frame)
    face = plan.merge(candidates).rows[0]
    x, y = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    turned = [each for each in candidates.passes[0] if each.step.quarter_turns]
    assert {each.step.quarter_turns for each in turned} == {1, 2, 3}
    for x1, y1, x2, y2 in np.concatenate([each.areas for each in turned if each.areas is not None]):
        assert not (x1 < x < x2 and y1 < y < y2)


def test_a_rotated_pass_is_no_disagreement_unless_the_picture_lies_that_way() -> None:
    plan = plan_for(Policy(profile=ProfileName.THOROUGH))
    sure, weak = (300, 300, 400, 400, 0.9), (0, 0, 40, 40, 0.36)

    def best_scores(*found: PassFaces) -> list[float]:
        merged = plan.merge(Candidates([list(found)], [None], 640, 480))
        return [round(float(each), 2) for each in merged.best_scores[merged.rows[:, 4] < plan.threshold]]

    def turned(side_px: int, faces: np.ndarray) -> PassFaces:
        return PassFaces(Pass(side_px, quarter_turns=1), faces, side_px / 640)

    upright = whole(640, rows(sure), 1), whole(320, rows(sure), 0.5)
    assert best_scores(*upright, turned(640, rows(weak))) == [0.25]  # its score, with less weight
    assert best_scores(upright[0], whole(320, rows(sure, weak), 0.5)) == [0.36]
    nothing = whole(640, NOTHING, 1)
    assert best_scores(nothing, turned(640, rows(sure)), turned(320, rows(sure, weak))) == [0.36]


def test_a_face_is_known_if_another_way_up_gives_it_a_high_score() -> None:
    face, other = (0, 0, 50, 50, 0.8), (100, 100, 150, 150, 0.8)
    assert is_known(rows(face, other), rows(face)).tolist() == [True, False]
    assert is_known(rows(face), rows((*face[:4], 0.3))).tolist() == [False]
    assert is_known(rows(face), NOTHING).tolist() == [False]


def test_a_pass_over_a_part_shows_its_cells_and_asks_for_what_is_not_known_upright() -> None:
    cell, known, asked = (0, 0, 200, 200, 1), (10, 10, 40, 40, 0.8), (100, 100, 130, 130, 0.3)
    part = PicturePart(rows(cell), rows(known))
    found = [whole(640, rows(known, asked), 0.5)]
    shown, closer = (focus_of(Pass(640, where), 1.0, found, 1280, part) for where in (Where.WHOLE, Where.QUESTIONS))
    assert shown is not None and shown.rows.tolist() == rows(cell).tolist() and shown.max_face_px == np.inf
    assert closer is not None and closer.rows[:, 0].tolist() == [100]
    assert focus_of(Pass(640), 1.0, found, 1280) is None


def test_regions_at_the_left_edge_of_a_panorama_also_lie_behind_its_right_edge() -> None:
    panorama = scale_to_side(Image.new("RGB", (1280, 640)), 1280)
    regions = regions_around(np.array([[-10.0, 300, 30, 340], [600, 300, 640, 340]]), panorama)
    assert len(regions) == 3
    assert regions[:, 2].max() > 1280


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_region_shows_the_same_part_in_every_orientation(turns: int, mirrored: bool) -> None:
    pixels = np.zeros((480, 640, 3), np.uint8)
    pixels[100:140, 200:260] = 255
    picture = scale_to_side(Image.fromarray(pixels), 640)
    (shown,) = picture.letterboxes(quarter_turns=turns, is_mirrored=mirrored, regions=[(160, 64, 320, 192)])
    y, x = np.nonzero(shown.pixels[:, :, 0])
    box = rows((x.min(), y.min(), x.max() + 1, y.max() + 1, 1))
    assert shown.to_photo(box)[0, :4].tolist() == [200, 100, 260, 140]


def test_a_pass_that_has_nothing_to_look_at_does_not_scale_the_picture() -> None:
    plan = plan_for(Policy())
    scenery, portrait = np.full((1350, 1920, 3), 90, np.uint8), Image.open(HOPPER).convert("RGB").resize((60, 60))
    (inputs,) = plan.inputs(Frame(scenery))
    plan.candidates(Frame(scenery), [inputs])
    assert 1280 not in inputs.sizes
    with_face = Image.fromarray(scenery)
    with_face.paste(portrait, (700, 500))
    frame = Frame(np.asarray(with_face))
    (inputs,) = plan.inputs(frame)
    plan.candidates(frame, [inputs])
    assert 1280 in inputs.sizes

"""The views of a sphere: where they look, what they show, and where their faces lie in the picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from blurline import Policy, anonymize, open_photo
from blurline.picture.formats.xmp import GPANO, written_packet
from blurline.picture.photo import Frame
from blurline.picture.projection import Sphere
from models.sphere import UNSURE_WEIGHT, View, ViewFaces, faces_in_picture, look_around, render_views, views_of
from tests.pictures import HOPPER, encoded
from tests.spheres import background, face_points, with_face

WIDTH, HEIGHT = 2000, 1000
FULL = Sphere(WIDTH, HEIGHT)
VIEWS = views_of(FULL, WIDTH, HEIGHT)


def rows(*boxes: tuple[float, ...]) -> np.ndarray:
    return np.array(boxes, np.float32).reshape(-1, 5)


def seen(view: View, *boxes: tuple[float, ...]) -> ViewFaces:
    found = rows(*boxes)
    return ViewFaces(view, found, found[:, 4])


def where(view: View, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    east, up, north = view.directions(points).T
    return (np.arctan2(east, north) / math.tau + 0.5) * WIDTH, (0.5 - np.arcsin(up) / math.pi) * HEIGHT


@given(view=st.sampled_from(VIEWS), x=st.floats(0, 1), y=st.floats(0, 1))
def test_a_point_of_a_view_has_one_direction(view: View, x: float, y: float) -> None:
    point = np.array([[x, y]]) * view.side_px
    back = view.point(view.directions(point)[0])
    assert back is not None and back == pytest.approx(point[0], abs=1e-6)


@given(
    view=st.sampled_from(VIEWS),
    x=st.floats(0.05, 0.7),
    y=st.floats(0.05, 0.7),
    width=st.floats(0.02, 0.25),
    height=st.floats(0.02, 0.25),
)
def test_the_boxes_in_the_picture_cover_the_face_as_the_view_shows_it(
    view: View, x: float, y: float, width: float, height: float
) -> None:
    x1, y1, x2, y2 = (side * view.side_px for side in (x, y, x + width, y + height))
    boxes, best = faces_in_picture([seen(view, (x1, y1, x2, y2, 0.8))], FULL, WIDTH, HEIGHT)
    assert 1 <= len(boxes) <= 2 and best.tolist() == boxes[:, 4].tolist()
    assert (boxes[:, :4] >= 0).all() and (boxes[:, 2] <= WIDTH).all() and (boxes[:, 3] <= HEIGHT).all()
    inside = np.stack(np.meshgrid(np.linspace(x1, x2, 9), np.linspace(y1, y2, 9)), axis=2).reshape(-1, 2)
    for column, row in zip(*where(view, inside), strict=True):
        columns = (column - WIDTH, column, column + WIDTH)  # the seam is both the first and the last column
        assert any(
            any(a - 1.5 <= each <= c + 1.5 for each in columns) and b - 1.5 <= row <= d + 1.5
            for a, b, c, d in boxes[:, :4]
        )


def test_a_face_on_a_pole_becomes_the_whole_pole() -> None:
    view = VIEWS[-1]
    pole = view.point(np.array([0.0, -1, 0]))
    assert pole is not None
    face = (*(pole - 20), *(pole + 20), 0.9)
    (box,), _ = faces_in_picture([seen(view, face)], FULL, WIDTH, HEIGHT)
    assert box[[0, 2, 3]].tolist() == [0, WIDTH, HEIGHT] and 0.9 * HEIGHT < box[1] < HEIGHT - 5


def test_a_face_that_several_views_show_counts_once() -> None:
    one, other = VIEWS[0], VIEWS[1]
    middle = one.directions(np.array([[one.side_px * 0.8, one.side_px * 0.4]]))[0]
    found = []
    for view, score in ((one, 0.6), (other, 0.9)):
        point = view.point(middle)
        assert point is not None
        x, y = point
        found.append(seen(view, (x - 20, y - 20, x + 20, y + 20, score)))
    boxes, _ = faces_in_picture(found, FULL, WIDTH, HEIGHT)
    assert len(boxes) == 1 and boxes[0, 4] == pytest.approx(0.9)


def test_a_face_cut_by_the_edge_of_a_view_is_left_to_its_neighbour_unless_it_is_large() -> None:
    view = VIEWS[0]
    cut, large = (0, 100, 30, 150, 0.9), (0, 100, 0.6 * view.side_px, 200, 0.8)
    boxes, _ = faces_in_picture([seen(view, cut, large)], FULL, WIDTH, HEIGHT)
    assert boxes[:, 4].tolist() == pytest.approx([0.8])


def test_the_views_show_every_point_beyond_40_degrees_whole() -> None:
    for pitch in range(40, 91, 5):
        for yaw in range(0, 360, 15):
            up, around = math.radians(pitch), math.radians(yaw)
            ray = np.array([math.cos(up) * math.sin(around), math.sin(up), math.cos(up) * math.cos(around)])
            for direction in (ray, ray * [1, -1, 1]):
                points = [(view.point(direction), view.side_px) for view in VIEWS]
                assert any(point is not None and (abs(point / side - 0.5) < 0.42).all() for point, side in points)


def test_a_view_shows_what_the_picture_has_there_and_black_beyond_it() -> None:
    pixels = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    pixels[100:110, 1990:] = pixels[100:110, :10] = 250  # on the seam, 71 degrees up
    shown = [np.argwhere(seen[:, :, 0] > 200) for _, seen in render_views(pixels, FULL)]
    assert len(shown[3]) > 20, "the fourth view looks at the seam"
    x, y = where(VIEWS[3], shown[3][:, ::-1] + 0.5)
    assert ((x < 11) | (x > 1989)).all() and (y > 99).all() and (y < 111).all()
    lower = Sphere(WIDTH, HEIGHT, 0, 600)
    views = list(render_views(pixels[600:], lower))
    assert len(views) == 6 and all((seen[:40] == 60).any() for _, seen in views)
    assert views_of(Sphere(WIDTH, HEIGHT, 0, 350), WIDTH, 300) == (), "near the horizon, the picture itself is enough"


def test_only_the_shape_of_a_picture_weighs_less_than_its_metadata() -> None:
    pixels = np.zeros((250, 500, 3), np.uint8)
    found = rows((20, 20, 60, 60, 0.8))

    def scores(sphere: Sphere | None) -> np.ndarray:
        return look_around(Frame(pixels, sphere=sphere), lambda _, __: (found, found[:, 4]))[0][:, 4]

    assert len(scores(None)) == 0
    assert scores(Sphere(500, 250)) == pytest.approx(0.8)
    assert scores(Sphere(500, 250, is_certain=False)) == pytest.approx(0.8 * UNSURE_WEIGHT)


def test_faces_near_the_poles_are_destroyed_as_a_viewer_shows_them() -> None:
    with Image.open(HOPPER) as image:
        patch = image.convert("RGB")
    places = [(180, -80), (40, 65)]
    pixels = background(WIDTH)
    for yaw, pitch in places:
        pixels = with_face(pixels, patch, yaw, pitch, 35)
    tag = written_packet({(GPANO, "GPano"): {"ProjectionType": "equirectangular"}})
    photo = open_photo(encoded(Image.fromarray(pixels), "WEBP", lossless=True, xmp=tag))
    assert photo.frames[0].sphere == FULL
    done = anonymize(photo, Policy())
    result = open_photo(done.data).pixels
    for yaw, pitch in places:
        under = face_points(WIDTH, yaw, pitch, (9, 12))
        assert (result[under] != pixels[under]).any(axis=1).mean() > 0.95, (yaw, pitch)

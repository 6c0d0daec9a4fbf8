"""Which pictures are spheres, which are flat, and which have a layout that Blurline does not understand."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from blurline import Policy, ProfileName, anonymize, open_photo
from blurline.picture.formats.xmp import GPANO as GOOGLE
from blurline.picture.formats.xmp import written_packet
from blurline.picture.projection import Layout, Projection, Sphere, projection_of
from tests.pictures import COFFEE, GROUP, encoded
from tests.spheres import background

GPANO = {
    "ProjectionType": "equirectangular",
    "FullPanoWidthPixels": "4000",
    "FullPanoHeightPixels": "2000",
    "CroppedAreaImageWidthPixels": "2000",
    "CroppedAreaImageHeightPixels": "1000",
    "CroppedAreaLeftPixels": "1000",
    "CroppedAreaTopPixels": "900",
}


def picture(width: int, height: int) -> np.ndarray:
    with Image.open(COFFEE) as image:
        return np.asarray(image.convert("RGB").resize((width, height)))


def dual_fisheye() -> np.ndarray:
    pixels = picture(1200, 600).copy().clip(40)
    across, down = np.meshgrid(np.arange(1200) % 600, np.arange(600))
    pixels[np.hypot(across - 299.5, down - 299.5) > 298] = 4
    return pixels


def cube_cross() -> np.ndarray:
    pixels = picture(1200, 900).copy()
    for row in (0, 600):
        pixels[row : row + 300, :300] = pixels[row : row + 300, 600:] = 0
    return pixels


def cube_strip() -> np.ndarray:
    return np.concatenate([np.rot90(picture(200, 200), turns) for turns in (0, 1, 2, 3, 2, 1)], axis=1)


def test_a_cropped_area_places_the_picture_in_the_sphere() -> None:
    expected = Projection(Layout.SPHERE, Sphere(4000, 2000, 1000, 900))
    assert projection_of(GPANO, picture(2000, 1000)) == expected
    scaled = Projection(Layout.SPHERE, Sphere(2000, 1000, 500, 450))
    assert projection_of(GPANO, picture(1000, 500)) == scaled


@pytest.mark.parametrize(
    "wrong",
    [
        {"FullPanoWidthPixels": "wide"},
        {"FullPanoWidthPixels": "nan"},
        {"FullPanoWidthPixels": "inf", "FullPanoHeightPixels": "inf"},
        {"FullPanoWidthPixels": "1e300"},
        {"FullPanoWidthPixels": "1500"},
        {"CroppedAreaLeftPixels": "-5"},
        {"CroppedAreaImageWidthPixels": "0"},
        {"CroppedAreaImageHeightPixels": "9"},
    ],
)
def test_numbers_that_cannot_be_are_replaced_by_what_the_shape_suggests(wrong: dict[str, str]) -> None:
    assert projection_of(GPANO | wrong, picture(1000, 500)).sphere == Sphere(1000, 500)
    assert projection_of(GPANO | wrong, picture(1000, 250)).sphere == Sphere(1000, 500, 0, 125)
    assert projection_of(GPANO | wrong, picture(400, 400)).sphere == Sphere(800, 400, 200, 0)


def test_an_untagged_picture_of_two_to_one_is_a_sphere_and_a_certain_one_if_its_edges_meet() -> None:
    assert projection_of({}, background(1000)).sphere == Sphere(1000, 500, is_certain=True)
    assert projection_of({}, picture(1000, 500)).sphere == Sphere(1000, 500, is_certain=False)
    for flat in (picture(400, 200), picture(1000, 460), picture(1000, 250), picture(1200, 900), picture(1200, 800)):
        assert projection_of({}, flat) == Projection()


@pytest.mark.parametrize(
    ("kind", "layout"),
    [
        ("cubemap", Layout.CUBE_MAP),
        ("Cube-Map", Layout.CUBE_MAP),
        ("fisheye", Layout.DUAL_FISHEYE),
        ("little_planet", Layout.UNKNOWN),
        ("cylindrical", Layout.FLAT),
    ],
)
def test_other_projection_types_are_not_taken_for_a_sphere(kind: str, layout: Layout) -> None:
    assert projection_of(GPANO | {"ProjectionType": kind}, picture(1000, 500)) == Projection(layout)
    assert projection_of({"ProjectionType": kind}, picture(1200, 900)).layout is layout


@pytest.mark.parametrize(
    ("pixels", "layout"),
    [
        (dual_fisheye(), Layout.DUAL_FISHEYE),
        (cube_cross(), Layout.CUBE_MAP),
        (np.rot90(cube_cross()), Layout.CUBE_MAP),
        (cube_strip(), Layout.CUBE_MAP),
        (np.rot90(cube_strip()), Layout.CUBE_MAP),
    ],
)
def test_untagged_layouts_that_are_not_understood_are_seen_in_the_pixels(pixels: np.ndarray, layout: Layout) -> None:
    assert projection_of({}, pixels) == Projection(layout)


def test_the_properties_of_a_file_are_read_before_the_policy_filters_them() -> None:
    tag = written_packet({(GOOGLE, "GPano"): {"ProjectionType": "cubemap"}})
    with Image.open(COFFEE) as image:
        photo = open_photo(encoded(image.convert("RGB"), "JPEG", xmp=tag))
    assert photo.layout is Layout.CUBE_MAP
    done = anonymize(photo, Policy(profile=ProfileName.FAST))
    assert [note.code for note in done.notes] == ["projection_unknown"]
    assert done.doubt.value >= 0.6 and done.doubt.reasons["projection_unknown"] == 1


def test_a_photograph_and_an_animation_are_flat() -> None:
    assert open_photo(GROUP.read_bytes()).layout is Layout.FLAT
    frames = [Image.fromarray(picture(600, 300)), Image.fromarray(picture(600, 300)[::-1])]
    photo = open_photo(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert photo.layout is Layout.FLAT and photo.frames[0].sphere is None

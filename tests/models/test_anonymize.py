"""The whole pipeline without a server, on real pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import models.detection_plan
from blurline import Policy, ProfileName, open_photo
from blurline.errors import OutputCheckFailed
from blurline.faces import Faces
from blurline.picture.photo import Frame
from blurline.policy.profile import PROFILES
from blurline.policy.region import Region, SizeLimits, Unit
from blurline.settings import Settings
from models import FrameDetections, anonymize, find_faces, plan_for
from models.merge import iou
from tests.models.onnx_models import constant_model
from tests.pictures import ASTRONAUT, COFFEE, GROUP, HOPPER, encoded

NOTHING = np.zeros((0, 5), np.float32)


def corners(path_or_image: Path | Image.Image, policy: Policy) -> np.ndarray:
    """The (n, 4) boxes of the found faces, from left to right."""
    image = Image.open(path_or_image) if isinstance(path_or_image, Path) else path_or_image
    (faces,) = find_faces(open_photo(encoded(image.convert("RGB"), "PNG")), policy)
    return np.array(sorted(face.box.corners for face in faces), float).reshape(-1, 4)


def test_the_second_look_finds_a_missed_face_and_no_result_is_returned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        models.detection_plan.DetectionPlan, "detect", lambda *_: FrameDetections(NOTHING, NOTHING[:, 4])
    )
    with pytest.raises(OutputCheckFailed, match="A face is still visible in the written file"):
        anonymize(open_photo(HOPPER.read_bytes()))


def test_faces_that_the_policy_leaves_do_not_fail_the_output_check() -> None:
    whole = (Region(x1=0, y1=0, x2=1, y2=1),)
    photo = open_photo(encoded(Image.open(HOPPER).convert("RGB"), "PNG"))
    done = anonymize(photo, Policy(keep_regions=whole))
    assert np.array_equal(open_photo(done.data).pixels, photo.pixels)
    assert (done.faces, done.doubt.value) == (0, 0)


@pytest.mark.parametrize("path", [ASTRONAUT, HOPPER, COFFEE])
def test_pictures_without_ambiguity_raise_no_doubt(path: Path) -> None:
    assert anonymize(open_photo(path.read_bytes())).doubt.value < Policy().max_doubt


def test_a_crowd_of_very_small_faces_raises_doubt() -> None:
    small = Image.open(GROUP).convert("RGB")
    small.thumbnail((120, 120))
    assert anonymize(open_photo(encoded(small, "PNG"))).doubt.value >= Policy().max_doubt


@pytest.mark.parametrize("profile", ProfileName)
def test_every_profile_finds_faces_in_rotated_pixels(profile: ProfileName) -> None:
    image = Image.open(GROUP).convert("RGB")
    width, height = image.size
    policy = Policy(profile=profile)
    upright = corners(image, policy)
    big = upright[(upright[:, 2] - upright[:, 0]) > 18]
    assert len(big) >= (9 if profile is ProfileName.FAST else 10)
    for turns in (1, 2, 3):
        turned = corners(Image.fromarray(np.rot90(np.asarray(image), turns)), policy)
        x1, y1, x2, y2 = turned.T
        back = {
            1: [width - y2, x1, width - y1, x2],
            2: [width - x2, height - y2, width - x1, height - y1],
            3: [y1, height - x2, y2, height - x1],
        }
        assert (iou(big, np.stack(back[turns], axis=1)).max(axis=1) > 0.5).all(), turns


def test_a_face_on_the_seam_of_a_panorama_is_destroyed_at_both_edges() -> None:
    portrait = Image.open(HOPPER).convert("RGB").resize((400, 400))
    panorama = Image.new("RGB", (1600, 800), (120, 130, 140))
    panorama.paste(portrait, (600, 200))
    policy = Policy(min_score=0.5)  # a badge looks a little like a face
    (face,) = corners(panorama, policy)
    centre = round((face[0] + face[2]) / 2)
    rolled = Image.fromarray(np.roll(np.asarray(panorama), -centre, axis=1))
    left, right = corners(rolled, policy)
    assert left[0] == 0 and right[2] == 1600
    assert left[2] + 1600 - right[0] == pytest.approx(face[2] - face[0], abs=12)


def test_small_faces_of_a_very_large_picture_are_found_by_a_closer_pass() -> None:
    """The portrait is 26 px high in a picture of 10 megapixels: thirteen pixels in the first passes."""
    portrait = Image.open(HOPPER).convert("RGB").resize((48, 48), Image.Resampling.LANCZOS)
    large = Image.open(COFFEE).convert("RGB").resize((3900, 2600))
    spots = [(500, 500), (1900, 1300), (3400, 2200)]
    for spot in spots:
        large.paste(portrait, spot)
    found = corners(large, Policy(profile=ProfileName.THOROUGH))
    middle = np.array(spots) + 24
    inside = ((found[:, None, :2] < middle[None] + 12) & (found[:, None, 2:] > middle[None] - 12)).all(axis=2)
    assert inside.any(axis=0).all()


def test_the_finest_passes_show_small_faces_and_no_large_one() -> None:
    plan = plan_for(Policy())

    def shown(image: Image.Image) -> np.ndarray:
        """The areas of the passes over regions."""
        (passes,) = plan.candidates(Frame(np.asarray(image))).passes
        return np.concatenate([each.areas for each in passes if each.areas is not None])

    def share(areas: np.ndarray) -> float:
        return float(np.prod(areas[:, 2:] - areas[:, :2], axis=1).sum()) / 3000**2

    portrait = Image.open(HOPPER).convert("RGB")
    assert share(shown(portrait.resize((3000, 3000)))) < 0.05
    with_small_face = Image.new("RGB", (3000, 3000))
    assert len(shown(with_small_face)) == 0
    with_small_face.paste(portrait.resize((90, 90)), (1250, 1000))
    areas = shown(with_small_face)
    assert ((areas[:, :2] < [1250, 1000]) & (areas[:, 2:] > [1340, 1090])).all(axis=1).any()
    assert share(areas) < 0.05


@pytest.mark.parametrize("size", [(20000, 300), (300, 20000), (12000, 60)])
def test_no_aspect_ratio_hides_a_face_of_60_pixels(size: tuple[int, int]) -> None:
    """The portrait's face is 60 px high; the long sides of the passes alone would show it with four pixels."""
    width, height = size
    face_px = min(100, width, height)
    portrait = Image.open(HOPPER).convert("RGB").resize((face_px, face_px), Image.Resampling.LANCZOS)
    long = Image.open(COFFEE).convert("RGB").resize(size)
    left, top = (width - face_px) // 3, (height - face_px) // 3
    long.paste(portrait, (left, top))
    found = corners(long, Policy())
    middle = np.array([left, top]) + face_px / 2
    assert ((found[:, :2] < middle) & (found[:, 2:] > middle)).all(axis=1).any()


def test_no_size_hides_a_face_of_40_pixels() -> None:
    """At 38 megapixels, the coarse passes show the portraits' faces with three to nine pixels."""
    portrait = Image.open(HOPPER).convert("RGB").resize((108, 108), Image.Resampling.LANCZOS)
    large = Image.open(COFFEE).convert("RGB").resize((7500, 5000))
    spots = [(700, 500), (3600, 2600), (7000, 4500)]
    for spot in spots:
        large.paste(portrait, spot)
    found = corners(large, Policy())
    middle = np.array(spots) + 54
    assert ((found[:, None, :2] < middle) & (found[:, None, 2:] > middle)).all(axis=2).any(axis=0).all()


@pytest.mark.parametrize("profile", ProfileName)
@pytest.mark.parametrize("size", [(1, 1), (7, 300), (300, 7), (33, 1400), (640, 641)])
def test_boxes_lie_inside_pictures_of_any_size(profile: ProfileName, size: tuple[int, int]) -> None:
    """With a score threshold of zero, on noise, so that there are boxes at every edge."""
    noise = np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3), np.uint8)
    photo = open_photo(encoded(Image.fromarray(noise), "PNG"))
    rows = plan_for(Policy(profile=profile)).detect(photo.frames[0]).rows
    assert (rows[:, :2] >= 0).all()
    assert (rows[:, 2] <= size[0]).all() and (rows[:, 3] <= size[1]).all()
    assert (rows[:, 2:4] > rows[:, :2]).all()


def test_scaling_a_picture_scales_its_boxes() -> None:
    image = Image.open(GROUP).convert("RGB")
    once = corners(image, Policy())
    for factor in (0.75, 1.5, 2):
        size = (round(image.width * factor), round(image.height * factor))
        scaled = corners(image.resize(size, Image.Resampling.LANCZOS), Policy()) / factor
        big = once[once[:, 2] - once[:, 0] > 25]
        assert (iou(big, scaled).max(axis=1) > 0.6).all()


def test_classes_of_a_users_model_are_chosen_by_the_policy(tmp_path: Path) -> None:
    output = np.zeros((1, 6, 84), np.float32)
    output[0, :, 7] = [32, 16, 20, 24, 0.8, 0.1]
    output[0, :, 9] = [12, 16, 10, 10, 0.1, 0.7]
    settings = Settings().replace(model_file=constant_model(tmp_path / "two.onnx", output), model_threshold=0.5)
    photo = open_photo(encoded(Image.new("RGB", (80, 40)), "PNG"))

    def scores(*classes: int) -> Faces:
        (found,) = find_faces(photo, Policy(classes=classes), settings)
        return np.array([round(face.score, 2) for face in found])

    assert scores(0).tolist() == [0.8]
    assert scores(1).tolist() == [0.7]
    assert scores(0, 1).tolist() == [0.8, 0.7]


def test_every_profile_has_a_description() -> None:
    for profile, meant in PROFILES.items():
        assert plan_for(Policy(profile=profile)).record["threshold"] == meant.threshold


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        (Policy(min_score=0.99), True),
        (Policy(keep_regions=(Region(x1=0, y1=0, x2=1, y2=1),)), True),
        (Policy(size_limits=SizeLimits(max_side=0.01)), True),
        (Policy(), False),
    ],
)
def test_faces_that_the_policy_leaves_are_noted(policy: Policy, left: bool) -> None:
    done = anonymize(open_photo(HOPPER.read_bytes()), policy)
    assert (done.faces == 0) == left
    assert ("faces_left" in [note.code for note in done.notes]) == left


def test_an_always_region_beside_the_picture_is_noted() -> None:
    outside = Region(x1=5000, y1=5000, x2=9000, y2=9000, unit=Unit.PIXEL)
    done = anonymize(open_photo(HOPPER.read_bytes()), Policy(always_regions=(outside,)))
    assert "region_outside" in [note.code for note in done.notes]

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blurline import Policy, ProfileName, open_photo, redact
from blurline.errors import ConfigurationError, ModelRejected
from blurline.settings import Settings
from models import find_faces, plan_for
from models.card import WEIGHTS, Family, check_sha256, vendored_card
from models.loading import custom_detector
from tests.models.onnx_models import INPUT_PX, constant_model
from tests.pictures import ASTRONAUT, COFFEE, GROUP, HOPPER, encoded, sideways

_ANCHORS = sum((INPUT_PX // stride) ** 2 for stride in (8, 16, 32))


@pytest.mark.parametrize("profile", ProfileName)
@pytest.mark.parametrize(("path", "faces"), [(ASTRONAUT, 1), (HOPPER, 1), (GROUP, 11), (COFFEE, 0)])
def test_the_samples_faces_are_found(profile: ProfileName, path: Path, faces: int) -> None:
    if profile is ProfileName.FAST and path is GROUP:
        faces = 10  # the fast profile misses the face of 12 pixels
    (found,) = find_faces(open_photo(path.read_bytes()), Policy(profile=profile))
    assert len(found) >= faces if faces else not found


def test_every_orientation_gives_the_same_boxes() -> None:
    upright = Image.open(HOPPER).convert("RGB")
    boxes = []
    for orientation in range(1, 9):
        ((face,),) = find_faces(open_photo(sideways(upright, orientation, "PNG")))
        boxes.append([face.box.x1, face.box.y1, face.box.x2, face.box.y2])
    assert np.ptp(np.array(boxes), axis=0).max() < 1


@pytest.mark.parametrize("is_drawn_by_alpha", [True, False])
def test_a_face_that_transparency_draws_or_hides_is_found(is_drawn_by_alpha: bool) -> None:
    portrait = Image.open(HOPPER)
    if is_drawn_by_alpha:
        image = Image.new("RGB", portrait.size, (40, 40, 40))
        image.putalpha(portrait.convert("L").point(lambda level: 255 - level))
    else:
        image = portrait.convert("RGB")
        image.putalpha(0)
    photo = open_photo(encoded(image, "PNG"))
    ((face,),) = faces = find_faces(photo)
    with Image.open(io.BytesIO(redact(photo, faces, Policy()))) as written:
        for ground in ("white", "black"):
            seen = Image.new("RGBA", written.size, ground)
            seen.alpha_composite(written)
            (left,) = find_faces(open_photo(encoded(seen.convert("RGB"), "PNG")))
            # The noise is new in each run, and now and then it looks a little like a face.
            assert all(each.score < face.score / 2 for each in left)


@pytest.mark.parametrize("format_", ["PNG", "BMP", "TIFF", "JPEG"])
def test_a_face_of_dots_in_black_and_white_is_found(format_: str) -> None:
    small = Image.open(HOPPER).convert("RGB").resize((192, 224), Image.Resampling.LANCZOS)
    wide = Image.new("RGB", (320, 224), "white")
    wide.paste(small)
    dots = wide.convert("1")
    found = find_faces(open_photo(encoded(dots.convert("L") if format_ == "JPEG" else dots, format_)))
    assert any(face.box.x1 < 96 < face.box.x2 and face.box.y1 < 85 < face.box.y2 for face in found[0])


def test_cards_match_the_files_and_a_damaged_file_is_refused(tmp_path: Path) -> None:
    for path in WEIGHTS.glob("*.json"):
        card = vendored_card(path.stem)
        check_sha256(WEIGHTS / card.file, card.sha256)
        assert (WEIGHTS / f"{card.family}.LICENSE").is_file()
    damaged = tmp_path / "centerface.onnx"
    damaged.write_bytes((WEIGHTS / "centerface.onnx").read_bytes()[:-1] + b"x")
    with pytest.raises(ModelRejected, match="but its card says"):
        check_sha256(damaged, vendored_card("centerface").sha256)


def _raw(channels: int) -> np.ndarray:
    rows = np.zeros((1, channels, _ANCHORS), np.float32)
    rows[0, :5, 7] = [32, 16, 20, 24, 0.8]
    return rows


@pytest.mark.parametrize(
    "output",
    [
        pytest.param(_raw(5), id="one class"),
        pytest.param(_raw(7), id="three classes"),
        pytest.param(_raw(20), id="landmarks"),
        pytest.param(_raw(6).transpose(0, 2, 1), id="other way round, two classes"),
        pytest.param(
            np.array([[[22, 4, 42, 28, 0.8, 0], [0, 0, 9, 9, 0.9, 1], [0, 0, 9, 9, 0.01, 0]]], np.float32),
            id="built-in suppression",
        ),
    ],
)
def test_a_users_own_yolo_face_model_works_by_a_setting(tmp_path: Path, output: np.ndarray) -> None:
    path = constant_model(tmp_path / "mine.onnx", output)
    settings = Settings().replace(model_file=path, model_threshold=0.5)
    plan = plan_for(Policy(), settings)
    ((face,),) = find_faces(open_photo(encoded(Image.new("RGB", (80, 40)), "PNG")), Policy(), settings)
    assert np.allclose([face.box.x1, face.box.y1, face.box.x2, face.box.y2], [27.5, 5, 52.5, 35])
    assert face.score == pytest.approx(0.8)
    assert plan.record["name"] == "mine"
    assert len(plan.record["sha256"]) == 64


def test_files_that_are_not_such_a_model_are_refused_at_once(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.onnx"
    garbage.write_bytes(b"not a model")
    other_shape = constant_model(tmp_path / "other.onnx", np.zeros((1, 5, 99), np.float32))
    for path, message in [
        (garbage, "not a model that onnxruntime can load"),
        (other_shape, "a YOLO model (has|returns)"),
        (tmp_path / "absent.onnx", "does not exist"),
    ]:
        with pytest.raises(ModelRejected, match=message):
            custom_detector(path, Family.YOLO_FACE, 0.5)
    with pytest.raises(ModelRejected, match="cannot be read as a centerface model"):
        custom_detector(other_shape, Family.CENTERFACE, 0.5)


def test_an_absent_execution_provider_is_an_error_and_no_silent_fallback() -> None:
    with pytest.raises(ConfigurationError, match="does not have the execution provider CUDAExecutionProvider"):
        plan_for(Policy(), Settings().replace(execution_provider="CUDAExecutionProvider"))

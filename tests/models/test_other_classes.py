from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from blurline import Policy, ProfileName, Style, anonymize, open_photo
from blurline.contract.corrections import Correction, MarkedBox
from blurline.decision.correction import corrected_choices
from blurline.errors import DetectorMissing, ModelRejected
from blurline.policy.region import Region
from blurline.settings import Settings
from models import load_detectors, plan_for, render_choices
from models.card import file_sha256
from models.loading import further_detector
from models.other_classes import SharedRuns
from tests.models.onnx_models import constant_model, plate_model
from tests.models.street import PLATE, SIGN, SIZE, street_picture, with_detector
from tests.pictures import encoded


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plate_model(tmp_path_factory.mktemp("models") / "plates.onnx")


@pytest.fixture(scope="module")
def street() -> bytes:
    """A face, a yellow plate and a blue sign."""
    return street_picture()


def _area(corner: tuple[int, int]) -> tuple[slice, slice]:
    return np.s_[corner[1] : corner[1] + SIZE[1], corner[0] : corner[0] + SIZE[0]]


def _pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


@pytest.mark.parametrize("profile", ProfileName)
def test_a_policy_destroys_the_classes_it_names_each_in_its_style(
    profile: ProfileName, model: Path, street: bytes
) -> None:
    policy = Policy(profile=profile, other_classes={"plate": Style.SOLID})
    done = anonymize(open_photo(street), policy, with_detector(model))
    (choice,) = done.choices
    assert done.faces == 1
    (plate,) = [each for each in choice.destroyed if each.class_name == "plate"]
    middle = ((plate.box.x1 + plate.box.x2) / 2, (plate.box.y1 + plate.box.y2) / 2)
    assert np.allclose(middle, np.add(PLATE, np.divide(SIZE, 2)), atol=16)
    before, after = _pixels(street), _pixels(done.data)
    assert (np.ptp(after[_area(PLATE)].reshape(-1, 3), axis=0) <= 12).all()  # one colour
    assert not np.array_equal(after[_area(PLATE)], before[_area(PLATE)])
    assert np.array_equal(after[_area(SIGN)], before[_area(SIGN)])


def test_classes_of_one_detector_share_its_runs_and_keep_their_own_boxes(
    model: Path, street: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = with_detector(model)
    frame = open_photo(street).frames[0]
    detector = further_detector(settings.detector.detectors[0])
    runs, run = [], detector.run

    def counted(pixels: np.ndarray) -> list[np.ndarray]:
        runs.append(pixels.shape)
        return run(pixels)

    monkeypatch.setattr(detector, "run", counted)
    plan = plan_for(Policy(other_classes={"plate": Style.SOLID}), settings)
    plan.detect(frame)
    of_one, runs[:] = len(runs), []
    both = plan_for(Policy(other_classes={"plate": Style.SOLID, "sign": Style.BLUR}), settings)
    found = both.detect(frame).others
    assert len(runs) == of_one
    assert {name: len(each.rows[each.rows[:, 4] >= 0.6]) for name, each in found.items()} == {"plate": 1, "sign": 1}
    shared = both.others.plans["plate"].detector
    assert isinstance(shared, SharedRuns)
    assert not shared._outputs


def test_the_image_records_every_detector_that_saw_it(model: Path) -> None:
    settings = with_detector(model)
    assert "detectors" not in plan_for(Policy(), settings).record
    record = plan_for(Policy(other_classes={"sign": Style.BLUR, "plate": Style.SOLID}), settings).record
    assert record["name"] == "centerface"
    (saw,) = record["detectors"]
    assert saw == {
        "detector": "plates",
        "classes": ["plate", "sign"],
        "name": "plates",
        "sha256": file_sha256(model),
        "licence": "the user's own",
        "provider": "CPUExecutionProvider",
        "threshold": 0.6,
    }


def test_doubt_sizes_and_min_score_concern_faces_only(model: Path, street: bytes) -> None:
    settings = with_detector(model, threshold=0.9)  # plates are candidates now
    photo = open_photo(street)
    without = anonymize(photo, Policy(), settings)
    done = anonymize(photo, Policy(other_classes={"plate": Style.SOLID}), settings)
    others = done.choices[0].others["plate"]
    assert len(others.rows)
    assert not others.is_destroyed.any()
    assert done.doubt == without.doubt
    policy = Policy.model_validate(
        {"other_classes": {"plate": "solid"}, "min_score": 0.98, "size_limits": {"min_side": 0.9}}
    )
    (choice,) = anonymize(photo, policy, with_detector(model)).choices
    assert [each.class_name for each in choice.destroyed] == ["plate"]


def test_a_keep_region_keeps_a_plate_visible(model: Path, street: bytes) -> None:
    policy = Policy(other_classes={"plate": Style.SOLID}, keep_regions=(Region(x1=0, y1=0.8, x2=0.5, y2=1),))
    done = anonymize(open_photo(street), policy, with_detector(model))
    assert [each.class_name for each in done.choices[0].destroyed] == ["face"]
    assert np.array_equal(_pixels(done.data)[_area(PLATE)], _pixels(street)[_area(PLATE)])


def test_two_numbers_of_one_name_are_one_class(model: Path, street: bytes) -> None:
    settings = with_detector(model, classes={"0": "thing", "1": "thing"})
    plan = plan_for(Policy(other_classes={"thing": Style.SOLID}), settings)
    rows = plan.detect(open_photo(street).frames[0]).others["thing"].rows
    assert (rows[:, 4] >= 0.6).sum() == 2


def test_a_worker_without_the_detector_refuses_the_policy(model: Path) -> None:
    policy = Policy(other_classes={"plate": Style.SOLID})
    with pytest.raises(DetectorMissing, match=r"'plate'.*no detector.*BLURLINE_DETECTORS"):
        plan_for(policy, Settings())
    with pytest.raises(DetectorMissing, match="'plate'"):
        plan_for(policy, with_detector(model, classes={"0": "kenteken"}))


@pytest.mark.parametrize(
    ("make", "classes", "message"),
    [
        pytest.param(lambda path: path, {"0": "plate"}, "does not exist", id="missing"),
        pytest.param(
            lambda path: path.write_bytes(b"x") and path, {"0": "plate"}, "cannot load|can load", id="garbage"
        ),
        pytest.param(lambda path: plate_model(path), {"2": "plate"}, r"no class 2, only 0 \(kenteken\)", id="class"),
        pytest.param(lambda path: plate_model(path, None), {"2": "plate"}, "2 classes, from 0", id="unnamed class"),
        pytest.param(lambda path: plate_model(path, "["), {"0": "a", "7": "b"}, "2 classes, from 0", id="odd names"),
        pytest.param(
            lambda path: constant_model(path, np.zeros((1, 5, 99), np.float32)), {"0": "plate"}, "YOLO", id="shape"
        ),
    ],
)
def test_a_wrong_file_is_refused_at_the_start_with_cause_and_remedy(
    tmp_path: Path, make: Any, classes: dict[str, str], message: str
) -> None:
    settings = with_detector(make(tmp_path / "own.onnx"), classes=classes)
    with pytest.raises(ModelRejected, match=message) as refused:
        load_detectors(settings)
    assert "detector plates of BLURLINE_DETECTORS" in str(refused.value)
    assert "Correct its `file`, `family` or `classes`" in str(refused.value)


def test_a_reviewers_box_has_the_style_of_its_class() -> None:
    picture = np.asarray(Image.effect_noise((120, 120), 80).convert("RGB"))
    photo = open_photo(encoded(Image.fromarray(picture), "PNG"))
    box = MarkedBox(x1=30, y1=30, x2=90, y2=90, class_name="plate")
    (choice,) = corrected_choices(Correction(destroy=(box,)), 1)
    assert not choice.faces
    policy = Policy(other_classes={"plate": Style.SOLID})
    after = _pixels(render_choices(photo, (choice,), policy, Settings()).result.data)
    assert (np.ptp(after[30:90, 30:90].reshape(-1, 3), axis=0) <= 12).all()

"""CenterFace in int8: made from the vendored file, used where it is faster and right, and recorded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from blurline import Policy, ProfileName, open_photo
from blurline.faces import Faces
from blurline.settings import Settings
from models import int8, plan_for
from models.card import WEIGHTS, check_sha256, vendored_card
from models.centerface import CenterFace
from models.detector import Detector
from models.int8 import Trial, compare
from models.loading import vendored_detector
from models.merge import iou
from models.session import Session
from tests.pictures import ASTRONAUT, COFFEE, GROUP, HOPPER

PASSED = Trial(0.5, is_right=True)


@pytest.fixture
def _is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "trial", lambda: PASSED)


def test_the_script_makes_the_vendored_file(tmp_path: Path) -> None:
    made = tmp_path / "made.onnx"
    pictures = map(str, (ASTRONAUT, COFFEE, GROUP, HOPPER))
    subprocess.run([sys.executable, "-m", "models.quantise", str(made), *pictures], check=True, capture_output=True)
    card = vendored_card("centerface_int8")
    check_sha256(made, card.sha256)
    check_sha256(WEIGHTS / card.file, card.sha256)
    assert card.source_sha256 == vendored_card("centerface").sha256


@pytest.mark.usefixtures("_is_passed")
def test_only_regions_of_standard_are_shown_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[str, tuple[int, ...]]] = []
    run = Detector.run

    def noted(self: Detector, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        shown.append((self.card.name, pixels.shape[:2]))
        return run(self, pixels)

    monkeypatch.setattr(Detector, "run", noted)
    for profile in ProfileName:
        shown.clear()
        plan = plan_for(Policy(profile=profile))
        plan.detect(open_photo(HOPPER.read_bytes()).frames[0])
        models = {name for name, _ in shown}
        assert ("centerface_int8" in models) is (profile is ProfileName.STANDARD)
        assert ("regions" in plan.record) is (profile is ProfileName.STANDARD)
    card = vendored_card("centerface_int8")
    assert plan_for(Policy()).record["regions"] == {"name": card.name, "sha256": card.sha256}


@pytest.mark.usefixtures("_is_passed")
@pytest.mark.parametrize("path", [ASTRONAUT, HOPPER, GROUP, COFFEE])
def test_it_finds_the_faces_that_the_float_model_finds(path: Path) -> None:
    photo = open_photo(path.read_bytes())
    quick = plan_for(Policy()).detect(photo.frames[0]).rows
    usual = plan_for(Policy(), Settings().replace(int8_regions=False)).detect(photo.frames[0]).rows
    for some, others in ((quick, usual), (usual, quick)):
        faces = some[some[:, 4] >= 0.4]
        overlap = iou(faces, others)
        assert (overlap.max(axis=1, initial=0) > 0.5).all()
        assert np.allclose(faces[:, 4], others[overlap.argmax(axis=1), 4], atol=0.1) if len(others) else not len(faces)


@pytest.mark.parametrize("result", [Trial(0.9, is_right=True), Trial(0.5, is_right=False)], ids=["slow", "wrong"])
def test_a_model_that_does_not_pass_its_trial_is_not_used(monkeypatch: pytest.MonkeyPatch, result: Trial) -> None:
    monkeypatch.setattr(int8, "trial", lambda: result)
    plan = plan_for(Policy())
    assert plan.int8 is None
    assert "regions" not in plan.record


@pytest.mark.usefixtures("_is_passed")
def test_the_setting_and_another_provider_switch_it_off() -> None:
    assert plan_for(Policy(), Settings().replace(int8_regions=False)).int8 is None
    assert int8.int8_detector("CUDAExecutionProvider") is None


@pytest.mark.usefixtures("_is_passed")
def test_a_model_of_ones_own_looks_at_everything_itself() -> None:
    own = Settings().replace(model_file=WEIGHTS / "centerface.onnx", model_family="centerface")
    assert plan_for(Policy(), own).int8 is None


class Shifted(CenterFace):
    """Sees every face 20 pixels beside its place."""

    def _decode_faces(self, outputs: list[NDArray[np.float32]], size: tuple[int, ...], min_score: float) -> Faces:
        return super()._decode_faces(outputs, size, min_score) + np.array([20, 0, 20, 0, 0], np.float32)


def test_the_trial_notices_a_slower_model_and_one_that_sees_other_faces() -> None:
    usual = vendored_detector("centerface")
    card = vendored_card("centerface_int8")
    assert compare(usual, vendored_detector("centerface_int8")).is_right
    assert compare(usual, usual).is_right
    assert not compare(usual, usual).is_passed
    assert not compare(usual, Shifted(card, Session(WEIGHTS / card.file))).is_right

"""CenterFace in int8: made from the vendored file, used where it is faster and right, and recorded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper
from PIL import Image

from blurline import Policy, ProfileName, open_photo
from blurline.faces import Faces
from blurline.picture.letterbox import ScaledImage
from blurline.picture.photo import Frame
from blurline.picture.projection import Sphere
from blurline.policy.profile import PROFILES, Pass, Where
from blurline.settings import Settings
from models import int8, look_run, plan_for
from models.card import WEIGHTS, vendored_card
from models.centerface import CenterFace
from models.detector import Detector
from models.int8 import Trial, compare
from models.loading import vendored_detector
from models.look import Focus, run_pass
from models.merge import iou
from models.session import Session
from tests.pictures import ASTRONAUT, COFFEE, GROUP, HOPPER
from tests.spheres import background, with_face

PASSED = Trial(0.5, is_right=True)


@pytest.fixture
def _is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "trial", lambda: PASSED)


def test_the_script_makes_the_vendored_file(tmp_path: Path) -> None:
    """But for the last bits of the ranges, which depend on the CPU."""
    made, card = tmp_path / "made.onnx", vendored_card("centerface_int8")
    pictures = map(str, (ASTRONAUT, COFFEE, GROUP, HOPPER))
    subprocess.run([sys.executable, "-m", "models.quantise", str(made), *pictures], check=True, capture_output=True)
    ours, theirs = onnx.load(str(WEIGHTS / card.file)).graph, onnx.load(str(made)).graph
    assert [(node.op_type, *node.input, *node.output) for node in ours.node] == [
        (node.op_type, *node.input, *node.output) for node in theirs.node
    ]
    for one, other in zip(ours.initializer, theirs.initializer, strict=True):
        value = numpy_helper.to_array(one).astype(np.float64)
        np.testing.assert_allclose(
            numpy_helper.to_array(other),
            value,
            rtol=1e-3,
            atol=1.0 if numpy_helper.to_array(one).dtype.kind in "iu" else 0,
        )
    assert card.source_sha256 == vendored_card("centerface").sha256


@pytest.mark.usefixtures("_is_passed")
@pytest.mark.parametrize("profile", ProfileName)
@pytest.mark.parametrize("kind", ["small", "usual", "large", "sphere"])
def test_only_regions_of_standard_are_shown_to_it(
    monkeypatch: pytest.MonkeyPatch, profile: ProfileName, kind: str
) -> None:
    """The whole picture is always shown to the float model."""
    shown: set[tuple[bool, bool, str]] = set()

    def noted(
        step: Pass, picture: ScaledImage, focus: Focus | None, detector: Detector, classes: tuple[int, ...]
    ) -> Any:
        shown.add((step.is_scout, step.where is Where.WHOLE, detector.card.name))
        return run_pass(step, picture, focus, detector, classes)

    monkeypatch.setattr(look_run, "run_pass", noted)
    plan = plan_for(Policy(profile=profile))
    plan.detect(_frame(kind))
    usual = vendored_card(PROFILES[profile].model).name
    regions = "centerface_int8" if profile is ProfileName.STANDARD else usual
    assert shown <= {(True, True, "yunet"), (False, True, usual), (False, False, regions)}
    assert (False, True, usual) in shown
    if profile is ProfileName.STANDARD:
        card = vendored_card("centerface_int8")
        assert (False, False, card.name) in shown
        assert plan.record["regions"] == {"name": card.name, "sha256": card.sha256}
    else:
        assert "regions" not in plan.record


def _frame(kind: str) -> Frame:
    portrait = Image.open(HOPPER).convert("RGB")
    if kind == "small":
        return Frame(np.asarray(portrait.resize((300, 300))))
    if kind == "usual":
        return Frame(np.asarray(Image.open(GROUP).convert("RGB")))
    if kind == "large":
        large = Image.open(COFFEE).convert("RGB").resize((5000, 3400))
        large.paste(portrait.resize((108, 108)), (700, 500))
        return Frame(np.asarray(large))
    clouds = background(1600)
    return Frame(with_face(clouds, portrait, 20, 65, 30), sphere=Sphere(1600, 800))


def test_the_trial_runs_the_detectors_that_plans_use(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Detector] = []

    def noted(*detectors: Detector) -> Trial:
        compared.extend(detectors)
        return PASSED

    monkeypatch.setattr(int8, "compare", noted)
    int8.trial.cache_clear()
    try:
        plan = plan_for(Policy())
        assert [plan.detector, plan.int8] == compared
    finally:
        int8.trial.cache_clear()


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

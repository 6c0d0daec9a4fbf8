from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from blurline.settings import Settings
from deployments.doctor import installation
from deployments.doctor.installation import models
from models import int8, loading
from models.card import WEIGHTS, file_sha256
from models.int8 import Trial
from tests.deployments.doctor.findings import findings, wrong
from tests.models.onnx_models import plate_model
from tests.models.street import with_detector


@pytest.fixture
def _nothing_loaded() -> Iterator[None]:
    loading.vendored_detector.cache_clear()
    yield
    loading.vendored_detector.cache_clear()


def test_the_model_of_every_profile_is_listed_with_its_hash_and_provider() -> None:
    found = findings(models, Settings())
    profiles = {"models.fast", "models.standard", "models.thorough"}
    assert set(found) == {*profiles, "models.regions", "models.second_look"}
    assert "centerface (sha256 30912ee7dcf0…) runs on CPUExecutionProvider" in found["models.standard"].says


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (
            Trial(0.52, is_right=True),
            "runs on CPUExecutionProvider. It takes 0.52",
        ),
        (Trial(0.97, is_right=True), "its int8 version takes 0.97 of the time"),
        (Trial(0.52, is_right=False), "its int8 version sees other faces"),
    ],
)
def test_which_model_looks_at_regions_is_listed_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, result: Trial, says: str
) -> None:
    monkeypatch.setattr(int8, "trial", lambda: result)
    monkeypatch.setattr(installation, "trial", lambda: result)
    assert says in findings(models, Settings())["models.regions"].says
    switched_off = findings(models, Settings().replace(int8_regions=False))["models.regions"].says
    assert "BLURLINE_INT8_REGIONS says so" in switched_off


def test_a_file_that_is_not_a_model_is_reported(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.onnx"
    garbage.write_bytes(b"not a model")
    found = wrong(models, Settings().replace(model_file=garbage))
    assert set(found) == {"models.fast", "models.standard", "models.thorough"}
    assert "not a model that onnxruntime can load" in found["models.fast"].says
    assert "BLURLINE_MODEL_FILE" in str(found["models.fast"].remedy)


@pytest.mark.usefixtures("_nothing_loaded")
def test_weights_that_have_changed_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(WEIGHTS, tmp_path, dirs_exist_ok=True)
    with (tmp_path / "yunet.onnx").open("ab") as file:
        file.write(b"\0")
    monkeypatch.setattr(loading, "WEIGHTS", tmp_path)
    found = wrong(models, Settings())
    assert set(found) == {"models.fast", "models.standard", "models.thorough", "models.second_look"}
    assert "its card says" in found["models.fast"].says


def test_a_provider_that_is_not_installed_is_reported() -> None:
    found = wrong(models, Settings().replace(execution_provider="CUDAExecutionProvider"))
    assert len(found) == 4
    assert "BLURLINE_EXECUTION_PROVIDER" in str(found["models.fast"].remedy)


def test_every_further_detector_is_listed_with_its_classes_and_policies(tmp_path: Path) -> None:
    file = plate_model(tmp_path / "own.onnx")
    found = findings(models, with_detector(file, policies="all"))
    says = found["models.plates"].says
    assert f"own (sha256 {file_sha256(file)[:12]}…) runs on CPUExecutionProvider" in says
    assert "plate (class 0, 'kenteken' in the file), sign (class 1) from score 0.6 on, in every policy" in says


def test_a_further_detector_that_cannot_be_used_is_reported(tmp_path: Path) -> None:
    found = wrong(models, with_detector(plate_model(tmp_path / "own.onnx"), classes={"3": "plate"}))
    assert set(found) == {"models.plates"}
    assert "has no class 3, only 0 (kenteken), 1 (sign)" in found["models.plates"].says
    assert "Correct its `file`, `family` or `classes`" in found["models.plates"].says

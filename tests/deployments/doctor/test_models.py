from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from blurline.settings import Settings
from deployments.doctor.installation import models
from models import loading
from models.card import WEIGHTS
from tests.deployments.doctor.findings import findings, wrong


@pytest.fixture
def _nothing_loaded() -> Iterator[None]:
    loading.vendored_detector.cache_clear()
    yield
    loading.vendored_detector.cache_clear()


def test_the_model_of_every_profile_is_listed_with_its_hash_and_provider() -> None:
    found = findings(models, Settings())
    assert set(found) == {"models.fast", "models.standard", "models.thorough", "models.second_look"}
    assert "centerface (sha256 30912ee7dcf0…) runs on CPUExecutionProvider" in found["models.standard"].says


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

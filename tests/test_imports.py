from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import blurline

ROOT = Path(__file__).parents[1]
HEAVY = ("numpy", "PIL", "pi_heif", "models", "onnxruntime")


@pytest.mark.parametrize(
    "module",
    [
        "blurline",
        "blurline.settings",
        "blurline.client",
        "blurline.contract",
        "sql.jobs.attempts",
        "sql.jobs.retries",
        "sql.jobs.settlement",
        "sql.reruns.reruns",
        "sql.review.reviews",
    ],
)
def test_no_picture_library_loads_with(module: str) -> None:
    code = f"import {module}, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_api_loads_no_code_that_decodes_pictures() -> None:
    """NumPy itself comes with pyarrow, which the exports need. Tiles are cut in a process of their own."""
    heavy = (
        "blurline.picture.photo",
        "blurline.picture.decode",
        "blurline.decision",
        "PIL",
        "pi_heif",
        "models",
        "onnxruntime",
    )
    code = f"import api.app, sys; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_onnxruntime_loads_with_the_first_session_only() -> None:
    code = "import models, sys; print('onnxruntime' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", blurline.__all__)
def test_every_public_name_loads(name: str) -> None:
    assert getattr(blurline, name).__name__ == name
    assert name in dir(blurline)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = blurline.nothing

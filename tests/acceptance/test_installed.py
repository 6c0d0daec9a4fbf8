"""The wheel in a separate environment, used from an empty folder as a user without a checkout does."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from blurline.picture.decode import open_photo
from release import ROOT
from release.build import build, install, locked_environment
from tests.acceptance.stack import START_LOCK

pytestmark = pytest.mark.long


def test_the_demo_of_an_installed_wheel_publishes_the_samples(tmp_path: Path) -> None:
    built = build(ROOT, tmp_path / "dist")
    python = locked_environment(ROOT / "requirements.lock", tmp_path / "environment")
    install(python, built.wheel)
    empty = tmp_path / "empty"
    empty.mkdir()
    # A package of that name in the current folder must not be taken for ours.
    (empty / "flows").mkdir()
    (empty / "flows" / "__init__.py").write_text("raise RuntimeError('not ours')")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("BLURLINE_", "PREFECT_", "PYTHON"))}
    with START_LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            [python.with_name("blurline"), "demo", "--once"],
            cwd=empty,
            env=clean | {"BLURLINE_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"The results are in {tmp_path / 'home' / 'demo'}" in done.stdout.splitlines(), "the path is cut"
    results = sorted((tmp_path / "home" / "demo").iterdir())
    samples = {path.name for path in (ROOT / "samples").iterdir()} - {"README.md"}
    assert {path.name for path in results} == samples
    assert all(open_photo(path.read_bytes()).frames for path in results)

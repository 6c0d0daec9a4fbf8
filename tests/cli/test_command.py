"""The commands that need no server, run as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from blurline.cli.command import main
from blurline.version import VERSION
from tests.pictures import ASTRONAUT, COFFEE, GROUP, HOPPER, decoded, psnr_db


def blurline(tmp_path: Path, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BLURLINE_")}
    return subprocess.run(
        [sys.executable, "-m", "blurline", *map(str, arguments)],
        env=environment | {"BLURLINE_HOME": str(tmp_path / "home")} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("jobs", [1, 2])
def test_redact_writes_what_it_can_and_reports_what_it_cannot(tmp_path: Path, jobs: int) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    done = blurline(tmp_path, "redact", HOPPER, COFFEE, text, "-o", tmp_path / "out", "--jobs", jobs)
    assert done.returncode == 1
    assert "hopper.jpg: 1 found" in done.stdout
    assert "coffee.png: 0 found" in done.stdout
    assert "text.jpg: The file is not a picture in a supported format" in done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["coffee.png", "hopper.jpg"]
    result, original = decoded((tmp_path / "out" / "hopper.jpg").read_bytes()), decoded(HOPPER.read_bytes())
    assert psnr_db(result[130:320, 190:320], original[130:320, 190:320]) < 20


def test_redact_never_overwrites_an_original(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(HOPPER.read_bytes())
    done = blurline(tmp_path, "redact", photo, "-o", tmp_path)
    assert done.returncode == 1
    assert "would replace the original" in done.stderr
    assert photo.read_bytes() == HOPPER.read_bytes()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.jpg").write_bytes(HOPPER.read_bytes())
    done = blurline(tmp_path, "redact", photo, tmp_path / "b" / "a.jpg", "-o", tmp_path / "out")
    assert "Two results would have the name a.jpg" in done.stderr


def test_redact_never_overwrites_another_result(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.jpg.png"):
        (tmp_path / name).write_bytes(HOPPER.read_bytes())
    first = ["redact", tmp_path / "a.jpg", tmp_path / "a.jpg.png", "-o", tmp_path / "out", "--output-format", "png"]
    done = blurline(tmp_path, *first)
    assert done.returncode == 0
    names = ["a.jpg (2).png", "a.jpg.png.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    results = [(tmp_path / "out" / name).read_bytes() for name in names]
    again = blurline(tmp_path, *first)
    assert again.returncode == 0  # the same results
    other = blurline(tmp_path, *first, "--style", "solid")
    assert other.returncode == 1
    assert "exists and is another file. Remove it, or choose another folder with -o." in other.stderr
    assert [(tmp_path / "out" / name).read_bytes() for name in names] == results
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "A.JPG").write_bytes(HOPPER.read_bytes())
    cased = blurline(tmp_path, "redact", tmp_path / "a.jpg", tmp_path / "b" / "A.JPG", "-o", tmp_path / "new")
    assert "Two results would have the name A.JPG" in cased.stderr


def test_detect_prints_one_line_per_image(tmp_path: Path) -> None:
    done = blurline(tmp_path, "detect", GROUP, ASTRONAUT, "--min-score", "0.1", "--jsonl")
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["image"] for line in lines] == ["group.jpg", "astronaut.png"]
    assert len(lines[0]["faces"]) >= 11
    assert all(len(face) == 5 and 0.1 <= face[4] <= 1 for line in lines for face in line["faces"])


def test_detect_explains_its_passes_without_showing_anyone(tmp_path: Path) -> None:
    done = blurline(tmp_path, "detect", GROUP, "--jsonl", "--explain", "-o", tmp_path)
    explained = json.loads(done.stdout)
    questions = [each for each in explained["passes"] if each["where"] == "questions"]
    assert [each["areas"] is None for each in explained["passes"][:2]] == [True, True]
    assert questions and all(0 < each["share"] <= 1 and each["cost"] > 0 for each in explained["passes"])
    drawn = decoded((tmp_path / "group.jpg.standard.look.png").read_bytes())
    scale = drawn.shape[1] / decoded(GROUP.read_bytes()).shape[1]
    for x1, y1, x2, y2, _ in explained["faces"]:
        (x, y), half = (round((x1 + x2) / 2 * scale), round((y1 + y2) / 2 * scale)), round((x2 - x1) / 4 * scale)
        face = drawn[y - half : y + half, x - half : x + half].reshape(-1, 3)
        assert (face == np.median(face, axis=0)).all(axis=1).mean() > 0.6  # one colour, but for the lines of regions
    again = blurline(tmp_path, "detect", GROUP, "--explain", "-o", tmp_path)
    assert again.returncode == 0 and "(questions)" in again.stdout and "whole picture" in again.stdout


def test_the_command_prints_its_version(tmp_path: Path) -> None:
    done = blurline(tmp_path, "--version")
    assert (done.returncode, done.stdout) == (0, f"Blurline {VERSION}\n")


def test_mistakes_are_reported_in_one_line(tmp_path: Path) -> None:
    done = blurline(tmp_path, "detect", HOPPER, BLURLINE_MODEL_FIEL="x")
    assert done.returncode == 1
    assert done.stderr.startswith("blurline: BLURLINE_MODEL_FIEL is not a Blurline setting. Did you mean")
    done = blurline(tmp_path, "detect", HOPPER, BLURLINE_MODEL_FILE=str(tmp_path / "absent.onnx"))
    assert "does not exist" in done.stderr
    assert "Traceback" not in done.stderr
    done = blurline(tmp_path, "migrate")
    assert "BLURLINE_DATABASE_URL is not set" in done.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("import no_such_package", "The benchmarks need the package no_such_package."),
        ("import blurline.no_such_module", "ModuleNotFoundError: No module named 'blurline.no_such_module'"),
        ("from blurline.box import no_such_name", "ImportError: cannot import name 'no_such_name'"),
    ],
)
def test_bench_reports_a_missing_package_and_raises_any_other_import_error(
    tmp_path: Path, content: str, says: str
) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").touch()
    (tmp_path / "benchmarks" / "run.py").write_text(content)
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    done = subprocess.run(
        [sys.executable, "-P", "-m", "blurline", "bench"],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert says in done.stderr
    assert ("Traceback" in done.stderr) is ("Error: " in says)


def test_every_command_disables_the_usage_reports_of_prefect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["blurline", "--version"])
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    with pytest.raises(SystemExit):
        main()
    assert os.environ["DO_NOT_TRACK"] == "1"

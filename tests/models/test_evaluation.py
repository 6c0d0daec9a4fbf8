from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.evaluation.scoring import SetScore, match
from models.evaluation.truth import Labelled, LabelsUnreadable, read_labels
from tests.pictures import ASTRONAUT, GROUP, HOPPER, encoded

FACES = [[10.0, 20.0, 40.0, 60.0], [100.0, 20.0, 130.0, 50.0]]
IGNORED = [[150.0, 0.0, 180.0, 30.0]]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("one", "none"):
        (folder / f"{name}.png").write_bytes(encoded(Image.new("RGB", (200, 100)), "PNG"))
    return folder


OURS = json.dumps(
    [{"image": "one.png", "faces": FACES, "ignore": IGNORED}, {"image": "none.png", "faces": [], "ignore": []}]
)
COCO = json.dumps(
    {
        "images": [{"id": 7, "file_name": "one.png"}, {"id": 8, "file_name": "none.png"}],
        "annotations": [
            {"image_id": 7, "bbox": [10, 20, 30, 40]},
            {"image_id": 7, "bbox": [100, 20, 30, 30], "iscrowd": 0},
            {"image_id": 7, "bbox": [150, 0, 30, 30], "iscrowd": 1},
        ],
        "categories": [{"id": 1, "name": "face"}],
    }
)
WIDER = """one.png
3
10 20 30 40 0 0 0 0 0 0
100 20 30 30 1 0 0 0 1 0
150 0 30 30 2 0 0 1 0 0
none.png
0
0 0 0 0 0 0 0 0 0 0
"""


@pytest.mark.parametrize("text", [OURS, COCO, WIDER], ids=["ours", "coco", "wider"])
def test_every_format_gives_the_same_labels(tmp_path: Path, images: Path, text: str) -> None:
    (tmp_path / "labels").write_text(text)
    one, none = read_labels(tmp_path / "labels", images)
    assert one.path == images / "one.png"
    assert one.faces.tolist() == FACES
    assert one.ignored.tolist() == IGNORED
    assert (len(none.faces), len(none.ignored)) == (0, 0)


def test_yolo_labels_are_relative_to_the_picture(tmp_path: Path, images: Path) -> None:
    labels = tmp_path / "labels"
    labels.mkdir()
    (labels / "one.txt").write_text("0 0.125 0.4 0.15 0.4\n0 0.575 0.35 0.15 0.3\n")
    (labels / "none.txt").write_text("")
    none, one = read_labels(labels, images)
    assert np.allclose(one.faces, FACES)
    assert len(none.faces) == 0


ABSENT = '[{"image": "absent.png", "faces": []}]'


@pytest.mark.parametrize(
    "text", ["", "[1, 2]", '{"images": []', "one.png\nthree\n", "one.png\n2\n1 2 3 4\n", ABSENT, "[]", "{}"]
)
def test_unreadable_labels_are_refused_with_the_reason(tmp_path: Path, images: Path, text: str) -> None:
    path = tmp_path / "labels"
    path.write_text(text)
    with pytest.raises(LabelsUnreadable, match=r"labels|absent"):
        read_labels(path, images)


def labelled(faces: list[list[float]], ignored: list[list[float]] | None = None) -> Labelled:
    boxes = (np.array(rows, float).reshape(-1, 4) for rows in (faces, ignored or []))
    return Labelled(Path("x"), *boxes)


def test_figures_match_a_count_by_hand() -> None:
    found = np.array(
        [
            [11, 21, 41, 61, 0.9],  # the first face
            [10, 22, 40, 62, 0.8],  # again: wrong
            [151, 0, 180, 30, 0.7],  # on the ignored area: does not count
            [100, 20, 130, 50, 0.2],  # the second face, under the threshold
        ],
        np.float32,
    )
    picture = labelled(FACES, IGNORED)
    matches = [match(found, picture, 0.3, 0.4), match(found[:0], labelled([]), 0.3, 0.4)]
    report = SetScore(matches, [0.9, 0.1], 0.3, 0.5).report()
    values = {name: figure["value"] for name, figure in report.items() if isinstance(figure, dict)}
    assert (report["pictures"], report["faces"]) == (2, 2)
    assert (values["recall"], values["precision"]) == (0.5, 0.5)
    assert values["recall_at_precision_0.80"] == 0.5
    assert values["average_precision"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3, abs=1e-4)
    assert (values["recall_16-32px"], values["recall_32-96px"]) == (0, 1)
    assert (values["covered_32-96px"], values["covered_16-32px"]) == (1, 0)
    assert (values["pictures_in_doubt"], values["pictures_with_a_visible_face"]) == (0.5, 0.5)
    assert values["of_these_in_doubt"] == 1
    assert report["recall"]["low"] <= 0.5 <= report["recall"]["high"]


def test_reliability_compares_the_doubt_with_the_pictures_that_show_a_face() -> None:
    shows = match(np.zeros((0, 5), np.float32), labelled(FACES), 0.3, 0.4)
    clean = match(np.zeros((0, 5), np.float32), labelled([]), 0.3, 0.4)
    rows = SetScore([shows, shows, clean, clean], [1.0, 0.9, 0.8, 0.05], 0.3, 0.6).reliability()
    assert [(row["from"], row["to"], row["pictures"]) for row in rows] == [(0.0, 0.1, 1), (0.8, 1.0, 3)]
    assert [row["with_a_visible_face"] for row in rows] == [0, pytest.approx(2 / 3, abs=1e-4)]
    assert [row["mean_doubt"] for row in rows] == [0.05, 0.9]


def test_coverage_counts_the_face_and_not_the_overlap() -> None:
    """A box around the upper half of a face has an IoU of 0.5 and leaves the chin."""
    face = [0.0, 0.0, 100.0, 100.0]
    upper = np.array([[0, 0, 100, 50, 0.9]], np.float32)
    around = np.array([[-60, -60, 160, 160, 0.9]], np.float32)
    assert match(upper, labelled([face]), 0.3, 0.2).coverage[0] < 0.7
    assert match(around, labelled([face]), 0.3, 0.2).coverage[0] == 1


def test_the_command_compares_profiles_and_shows_the_misses(tmp_path: Path) -> None:
    entries = [
        {"image": path.name, "faces": faces, "ignore": []}
        for path, faces in ((HOPPER, [[180, 120, 330, 330]]), (ASTRONAUT, [[0, 400, 60, 480]]), (GROUP, []))
    ]
    (tmp_path / "set.json").write_text(json.dumps(entries))
    command = [sys.executable, "-m", "blurline", "evaluate", "set.json", "--images", str(HOPPER.parent)]
    options = ["--profile", "fast", "--profile", "standard", "-o", "report"]
    done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "recall at precision 0.80" in done.stdout
    first, second = json.loads((tmp_path / "report" / "figures.json").read_text())
    assert (first["name"], second["name"]) == ("fast", "standard")
    assert second["recall"]["value"] == 0.5
    assert second["model"]["sha256"]
    assert min(first["look_over_one_run"], second["look_over_one_run"]) > 0
    with Image.open(tmp_path / "report" / "precision_recall.png") as curves:
        assert curves.width > 500
    page = (tmp_path / "report" / "misses-standard.html").read_text()
    assert "Labelled faces that were missed: 1" in page
    assert page.count("data:image/jpeg") >= 2

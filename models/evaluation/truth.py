"""Reads labelled pictures in four formats.

Blurline: a JSON list of ``{"image": name, "faces": [[x1, y1, x2, y2], …], "ignore": [[…], …]}``. COCO: a JSON object
with ``images`` and ``annotations`` (``iscrowd`` becomes an ignored area). WIDER FACE: its text file with a name, a
count and rows ``x y w h blur expression illumination invalid occlusion pose`` (``invalid`` becomes an ignored area).
YOLO: a folder with a text file per picture with rows ``class x y w h``, centres and sizes relative to the picture.

Boxes are in pixels of the upright picture.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blurline.errors import PermanentError
from blurline.picture.decode import read_header

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".JPG", ".JPEG", ".PNG", ".WEBP")
_WIDER_COLUMNS = 10
_WIDER_INVALID = 7

Boxes = NDArray[np.float64]
"""Array of shape (n, 4), one row ``x1, y1, x2, y2`` per box, in pixels of the upright picture."""


class LabelsUnreadable(PermanentError):
    """A file of labels has an unknown format, or names missing pictures."""

    code = "labels_unreadable"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture, its faces, and the areas in which detections do not count."""

    path: Path
    faces: Boxes = field(default_factory=lambda: _boxes([]))
    ignored: Boxes = field(default_factory=lambda: _boxes([]))


def read_labels(path: Path, images: Path) -> list[Labelled]:
    """Return the labelled pictures of a file (or, for YOLO, a folder); the pictures are in the folder ``images``.

    Raises LabelsUnreadable with the file and the fault.
    """
    try:
        labelled = list(_read(path, images))
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, UnicodeDecodeError) as error:
        raise LabelsUnreadable(
            f"{path} cannot be read as labels ({type(error).__name__}: {error}). Known are Blurline's JSON list, COCO "
            "JSON, WIDER FACE text, and a folder of YOLO text files."
        ) from error
    missing = [each.path for each in labelled if not each.path.is_file()]
    if missing:
        raise LabelsUnreadable(f"{images} lacks {len(missing)} labelled pictures, for example {missing[0].name}.")
    if not labelled:
        raise LabelsUnreadable(f"{path} contains no labelled picture.")
    return labelled


def _read(path: Path, images: Path) -> Iterator[Labelled]:
    if path.is_dir():
        return _yolo(path, images)
    text = path.read_text(encoding="utf-8")
    if not text.lstrip().startswith(("{", "[")):
        return _wider(text.splitlines(), images)
    content = json.loads(text)
    return _coco(content, images) if isinstance(content, dict) else _ours(content, images)


def _ours(content: list[dict[str, Any]], images: Path) -> Iterator[Labelled]:
    for entry in content:
        yield Labelled(images / entry["image"], _boxes(entry["faces"]), _boxes(entry.get("ignore", [])))


def _coco(content: dict[str, Any], images: Path) -> Iterator[Labelled]:
    faces: dict[Any, list[list[float]]] = {image["id"]: [] for image in content["images"]}
    ignored: dict[Any, list[list[float]]] = {image["id"]: [] for image in content["images"]}
    for annotation in content["annotations"]:
        rows = ignored if annotation.get("iscrowd") else faces
        rows[annotation["image_id"]].append(_corners(*annotation["bbox"]))
    for image in content["images"]:
        yield Labelled(images / image["file_name"], _boxes(faces[image["id"]]), _boxes(ignored[image["id"]]))


def _wider(lines: list[str], images: Path) -> Iterator[Labelled]:
    rest = iter(lines)
    for name in rest:
        if not name.strip():
            continue
        count = int(next(rest, ""))
        # A picture without faces still has one row of zeros.
        rows = [[float(value) for value in next(rest, "").split()] for _ in range(max(count, 1))]
        if any(len(row) < 4 for row in rows):
            raise ValueError(f"a row of {name} has fewer than four numbers")
        faces: list[list[float]] = []
        ignored: list[list[float]] = []
        for row in rows[:count]:
            is_invalid = len(row) == _WIDER_COLUMNS and row[_WIDER_INVALID] == 1
            (ignored if is_invalid else faces).append(_corners(*row[:4]))
        yield Labelled(images / name.strip(), _boxes(faces), _boxes(ignored))


def _yolo(folder: Path, images: Path) -> Iterator[Labelled]:
    for labels in sorted(folder.glob("*.txt")):
        path = next(
            (images / (labels.stem + suffix) for suffix in _SUFFIXES if (images / (labels.stem + suffix)).is_file()),
            None,
        )
        if path is None:
            raise ValueError(f"{images} has no picture named {labels.stem}")
        header = read_header(path.read_bytes())
        rows = np.array([line.split()[:5] for line in labels.read_text().splitlines() if line.strip()], float)
        x, y, width, height = rows.reshape(-1, 5)[:, 1:].T * np.array([[header.width_px], [header.height_px]] * 2)
        yield Labelled(path, np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1))


def _corners(x: float, y: float, width: float, height: float) -> list[float]:
    return [x, y, x + width, y + height]


def _boxes(rows: list[list[float]]) -> Boxes:
    return np.array(rows, np.float64).reshape(-1, 4)

"""How well the doubt predicts a visible face in pictures that are not upright, flat and of ordinary shape.

Needs labelled pictures: ``EVAL_DIR`` with ``street.json`` and the folder ``street``. They are turned by 90, 180 and 270
degrees without a tag, and put below each other in columns of four; and spheres get faces of the sample group, at random
places and of random sizes. ``DOUBT_PROFILES`` chooses the profiles (standard).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.evaluation_set import street
from benchmarks.sphere import CONTEXT, face_patches
from benchmarks.turned import Scene, turned
from blurline import Policy, open_photo
from blurline.policy.profile import ProfileName
from blurline.settings import Settings
from models.evaluation.measure import Variant, measure
from models.evaluation.truth import Labelled
from tests.pictures import GROUP
from tests.spheres import background, face_points, with_face

_COLUMN = 4
_SPHERES, _SPHERE_PX = 60, 3072
_MOST_FACES = 4
_DEGREES = (2.0, 12.0)


def run() -> dict[str, Any]:
    """Doubt and visible faces for each profile and kind of picture."""
    labelled = street("the doubt")
    scenes = [(open_photo(each.path.read_bytes()).pixels, each.faces) for each in labelled]
    kinds: dict[str, Callable[[], Iterator[Scene]]] = {
        "turned": lambda: (turned(scene, 1 + at % 3) for at, scene in enumerate(scenes)),
        "tall": lambda: _columns(scenes),
        "spheres": _spheres,
    }
    profiles = os.environ.get("DOUBT_PROFILES", "standard").split(",")
    report: dict[str, Any] = {}
    for kind, made in kinds.items():
        with tempfile.TemporaryDirectory() as folder:
            pictures = list(_written(made(), Path(folder)))
            report[kind] = {profile: _reliability(ProfileName(profile), pictures) for profile in profiles}
    return report


def _reliability(profile: ProfileName, pictures: list[Labelled]) -> dict[str, Any]:
    report = measure(Variant(profile, Policy(profile=profile), Settings()), pictures).report
    figures = ("pictures_in_doubt", "pictures_with_a_visible_face", "of_these_in_doubt")
    return {"pictures": len(pictures), **{name: report[name] for name in figures}, "doubt": report["doubt_reliability"]}


def _written(scenes: Iterator[Scene], folder: Path) -> Iterator[Labelled]:
    for number, (pixels, faces) in enumerate(scenes):
        path = folder / f"{number:03}.jpg"
        Image.fromarray(pixels).save(path, quality=95)
        yield Labelled(path, faces)


def _columns(scenes: list[Scene]) -> Iterator[Scene]:
    """Pictures of four scenes below each other."""
    for first in range(0, len(scenes) - _COLUMN + 1, _COLUMN):
        some = scenes[first : first + _COLUMN]
        tops = np.cumsum([0, *(pixels.shape[0] for pixels, _ in some)])
        column = np.full((tops[-1], max(pixels.shape[1] for pixels, _ in some), 3), 235, np.uint8)
        for top, (pixels, _) in zip(tops, some, strict=False):
            column[top : top + pixels.shape[0], : pixels.shape[1]] = pixels
        moved = [faces + np.array([0, top, 0, top]) for top, (_, faces) in zip(tops, some, strict=False)]
        yield column, np.concatenate(moved)


def _spheres() -> Iterator[Scene]:
    """Spheres of clouds with up to `_MOST_FACES` faces, none on the seam."""
    with Image.open(GROUP) as image:
        patches = face_patches(image.convert("RGB"))
    for number in range(_SPHERES):
        random = np.random.default_rng(number)
        pixels, boxes = background(_SPHERE_PX, number), []
        for yaw in np.linspace(-120, 120, _MOST_FACES)[: random.integers(_MOST_FACES + 1)]:
            patch, aspect = patches[random.integers(len(patches))]
            pitch, degrees = random.uniform(-85, 85), random.uniform(*_DEGREES)
            pixels = with_face(pixels, patch, yaw, pitch, degrees * CONTEXT)
            rows, columns = face_points(_SPHERE_PX, yaw, pitch, (degrees * aspect, degrees))
            if columns.max() - columns.min() < _SPHERE_PX / 2:
                boxes.append([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        yield pixels, np.array(boxes, np.float64).reshape(-1, 4)

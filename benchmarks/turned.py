"""Faces that stay visible in pictures whose pixels lie another way up, with no tag that says so.

Needs labelled pictures: ``EVAL_DIR`` with ``street.json`` and the folder ``street``. ``TURNED_PICTURES`` of them,
evenly chosen, are treated upright, turned by 90, 180 and 270 degrees, mirrored, on pages of two, four, six and nine,
each picture of a page another way up, and as insets: a turned picture in a corner of an upright one. What is on pages
and insets is also measured with every picture upright. ``TURNED_KINDS`` and ``TURNED_PROFILES`` choose some of them.

A face of at least 32 px of which under half is destroyed is visible. ``not_held``: faces in pictures that would be
published, because their doubt stays under the usual limit and their result passed its check.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.evaluation_set import street
from blurline import Policy, open_photo
from blurline.errors import OutputCheckFailed
from blurline.picture.destroy import destroyed_share
from blurline.policy.profile import ProfileName
from blurline.settings import Settings
from models import plan_for
from models.anonymize import render_detections
from models.evaluation.scoring import sizes_px
from models.evaluation.truth import Boxes
from tests.pictures import encoded

_LEAST_PX = 32.0
_VISIBLE = 0.5
_GAP_PX = 40
_ALBUM = (0, 1, 2, 3)
_PAGES = {"two": (1, 3), "album": _ALBUM, "six": (1, 0, 3, 2, 1, 0), "nine": (2, 1, 0, 3, 2, 1, 0, 3, 2)}

Pixels = NDArray[np.uint8]
Scene = tuple[Pixels, Boxes]


def run() -> dict[str, Any]:
    """Visible faces for each profile and way up."""
    labelled = street("turned pictures")
    count = int(os.environ.get("TURNED_PICTURES", "14"))
    chosen = [labelled[at] for at in np.linspace(0, len(labelled) - 1, count).round().astype(int)]
    scenes = [(open_photo(each.path.read_bytes()).pixels, each.faces) for each in chosen]
    ways: dict[str, Callable[[], Iterable[Scene]]] = {
        "upright": lambda: scenes,
        **{str(90 * turns): partial(_each_turned, scenes, turns) for turns in (1, 2, 3)},
        "mirrored": lambda: map(mirrored, scenes),
        "album mirrored": lambda: map(mirrored, pages(scenes, _ALBUM)),
    }
    for name, made in _PAGES.items():
        ways[name] = partial(pages, scenes, made)
        ways[f"{name} upright"] = partial(pages, scenes, (0,) * len(made))
    ways["inset"] = partial(insets, scenes, 1)
    ways["inset upright"] = partial(insets, scenes, 0)
    kinds = os.environ.get("TURNED_KINDS", ",".join(ways)).split(",")
    profiles = os.environ.get("TURNED_PROFILES", "fast,standard").split(",")
    return {profile: {kind: _visible(ProfileName(profile), ways[kind]()) for kind in kinds} for profile in profiles}


def turned(scene: Scene, quarter_turns: int) -> Scene:
    """A scene turned counterclockwise, as Pillow's ``rotate`` turns it."""
    pixels, boxes = scene
    for _ in range(quarter_turns):
        width = pixels.shape[1]
        x1, y1, x2, y2 = boxes.T
        pixels, boxes = np.rot90(pixels), np.stack([y1, width - x2, y2, width - x1], axis=1)
    return np.ascontiguousarray(pixels), boxes


def mirrored(scene: Scene) -> Scene:
    """A scene with left and right exchanged."""
    pixels, boxes = scene
    x1, y1, x2, y2 = boxes.T
    return np.ascontiguousarray(pixels[:, ::-1]), np.stack([pixels.shape[1] - x2, y1, pixels.shape[1] - x1, y2], axis=1)


def pages(scenes: list[Scene], quarter_turns: tuple[int, ...]) -> Iterator[Scene]:
    """White pages with as many scenes as ``quarter_turns``, each turned that often."""
    columns = math.ceil(math.sqrt(len(quarter_turns)))
    for first in range(0, len(scenes) - len(quarter_turns) + 1, len(quarter_turns)):
        cells = [turned(scene, turns) for turns, scene in zip(quarter_turns, scenes[first:], strict=False)]
        side = max(max(pixels.shape[:2]) for pixels, _ in cells) + _GAP_PX
        page = np.full((math.ceil(len(cells) / columns) * side, columns * side, 3), 235, np.uint8)
        boxes = []
        for at, (pixels, faces) in enumerate(cells):
            x, y = at % columns * side + _GAP_PX // 2, at // columns * side + _GAP_PX // 2
            page[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels
            boxes.append(faces + np.array([x, y, x, y]))
        yield page, np.concatenate(boxes)


def insets(scenes: list[Scene], quarter_turns: int) -> Iterator[Scene]:
    """Every second scene, with the next one, turned, in its lower right corner at a third of its long side."""
    for (pixels, faces), small in zip(scenes[::2], scenes[1::2], strict=False):
        inset, inner = turned(small, quarter_turns)
        scale = max(pixels.shape[:2]) / 3 / max(inset.shape[:2])
        height, width = (round(side * scale) for side in inset.shape[:2])
        y, x = pixels.shape[0] - height, pixels.shape[1] - width
        shown = pixels.copy()
        shown[y:, x:] = np.asarray(Image.fromarray(inset).resize((width, height)))
        kept = faces[(faces[:, 2] < x) | (faces[:, 3] < y)]
        yield shown, np.concatenate([kept, inner * scale + np.array([x, y, x, y])])


def _each_turned(scenes: list[Scene], quarter_turns: int) -> Iterator[Scene]:
    return (turned(scene, quarter_turns) for scene in scenes)


def _visible(profile: ProfileName, scenes: Iterable[Scene]) -> dict[str, int]:
    policy, settings = Policy(profile=profile), Settings()
    plan = plan_for(policy, settings)
    faces_of_all, visible, published = 0, 0, 0
    for pixels, faces in scenes:
        photo = open_photo(encoded(Image.fromarray(pixels), "JPEG", quality=95))
        found = plan.detect(photo.frames[0])
        try:
            done = render_detections(photo, [found], plan, policy, settings).result
            is_held = done.doubt.value >= policy.max_doubt
        except OutputCheckFailed:
            is_held = True
        destroyed = found.rows[found.rows[:, 4] >= plan.threshold, :4].astype(np.float64)
        large = faces[sizes_px(faces) >= _LEAST_PX]
        shown = int((destroyed_share(large, destroyed, policy.padding) < _VISIBLE).sum())
        faces_of_all += len(large)
        visible, published = visible + shown, published + (0 if is_held else shown)
    return {"faces": faces_of_all, "visible": visible, "not_held": published}

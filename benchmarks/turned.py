"""Faces that stay visible in pictures whose pixels lie another way up, with no tag that says so.

Needs labelled pictures: ``EVAL_DIR`` with ``street.json`` and the folder ``street``. ``TURNED_PICTURES`` of them,
evenly chosen, are treated upright, turned by 90, 180 and 270 degrees, mirrored, and as album pages: four of them on a
page, each another way up. A face of at least 32 px of which under half is destroyed is visible. ``not_held``: faces in
pictures that would be published, because their doubt stays under the usual limit and their result passed its check.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
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
_PROFILES = (ProfileName.FAST, ProfileName.STANDARD)

Pixels = NDArray[np.uint8]
Scene = tuple[Pixels, Boxes]


def run() -> dict[str, Any]:
    """Visible faces for each profile and way up."""
    labelled = street("turned pictures")
    count = int(os.environ.get("TURNED_PICTURES", "14"))
    chosen = [labelled[at] for at in np.linspace(0, len(labelled) - 1, count).round().astype(int)]
    scenes = [(open_photo(each.path.read_bytes()).pixels, each.faces) for each in chosen]
    ways = {
        "upright": scenes,
        **{str(90 * turns): [turned(scene, turns) for scene in scenes] for turns in (1, 2, 3)},
        "mirrored": [mirrored(scene) for scene in scenes],
        "album": list(albums(scenes)),
    }
    return {
        "faces": sum(int((sizes_px(faces) >= _LEAST_PX).sum()) for _, faces in scenes),
        "visible": {profile: {way: _visible(profile, each) for way, each in ways.items()} for profile in _PROFILES},
    }


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


def albums(scenes: list[Scene]) -> Iterator[Scene]:
    """Pages with four scenes each, two in a row, every one turned once more than the one before."""
    for first in range(0, len(scenes) - 3, 4):
        cells = [turned(scene, turns) for turns, scene in enumerate(scenes[first : first + 4])]
        side = max(max(pixels.shape[:2]) for pixels, _ in cells) + _GAP_PX
        page, boxes = np.full((2 * side, 2 * side, 3), 235, np.uint8), []
        for at, (pixels, faces) in enumerate(cells):
            x, y = at % 2 * side + _GAP_PX // 2, at // 2 * side + _GAP_PX // 2
            page[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels
            boxes.append(faces + np.array([x, y, x, y]))
        yield page, np.concatenate(boxes)


def _visible(profile: ProfileName, scenes: list[Scene]) -> dict[str, int]:
    policy, settings = Policy(profile=profile), Settings()
    plan = plan_for(policy, settings)
    visible, published = 0, 0
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
        visible, published = visible + shown, published + (0 if is_held else shown)
    return {"visible": visible, "not_held": published}

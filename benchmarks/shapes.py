"""Faces of 40 px in pictures of every shape and size, and what detection costs there.

Needs labelled pictures: ``EVAL_DIR`` with ``street.json`` and the folder ``street``. Each picture is a mosaic of them,
in which SHAPES_FACES of their large faces, reduced to 40 px, are pasted. A face is found if at least half of it is
destroyed. With BEFORE_CHECKOUT, the CPU time of detection is compared with that checkout. SHAPES_PROFILES names the
profiles, and SHAPES the sizes ("4000x3000,…").
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.checkouts import CheckoutProcess, checkouts
from benchmarks.evaluation_set import street
from benchmarks.look import DETECTION, compared
from blurline import Policy, open_photo
from blurline.picture.destroy import destroyed_share
from blurline.picture.photo import Frame
from blurline.policy.profile import ProfileName
from models import plan_for
from models.evaluation.scoring import sizes_px
from models.evaluation.truth import Boxes, Labelled

_FACE_PX = 40
_CONTEXT = 2.0  # of a face in its patch, as a multiple of its box
_LEAST_PX = 90.0  # of the faces that are reduced
_VISIBLE = 0.5
_SHAPES = (
    "2000x1500,20000x300,1000x20000,800x6000,4000x1000,16000x4000,4000x3000,6000x4000,9200x7000,16300x12300"  # 200 MP
)

Patch = tuple[Image.Image, tuple[float, float, float, float]]
"""A face with its surroundings, and its box in them."""


def run() -> dict[str, Any]:
    """Faces found in each shape by each profile, and the ratio of the CPU times."""
    labelled = street("shapes")
    patches = _patches(labelled, int(os.environ.get("SHAPES_FACES", "24")))
    sizes = [tuple(map(int, each.split("x"))) for each in os.environ.get("SHAPES", _SHAPES).split(",")]
    profiles = [ProfileName(each) for each in os.environ.get("SHAPES_PROFILES", "fast,standard").split(",")]
    found: dict[str, dict[str, int]] = {profile: {} for profile in profiles}
    cost: dict[str, Any] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        processes = {}
        if "BEFORE_CHECKOUT" in os.environ:
            folders = checkouts("detection")
            processes = {name: stack.enter_context(CheckoutProcess(each, DETECTION)) for name, each in folders.items()}
        for width, height in sizes:
            image, boxes = picture_of(width, height, labelled, patches)
            for profile in profiles:
                found[profile][f"{width}x{height}"] = _found(profile, image, boxes)
            if processes:
                path = folder / f"{width}x{height}.jpg"
                image.save(path, quality=92)
                for profile in profiles:
                    report = compared(profile, [path], processes, rounds=2)
                    cost.setdefault(profile, {})[path.stem] = report
    return {"faces": len(patches), "found": found, "cost": cost, "load": round(os.getloadavg()[0], 1)}


def picture_of(
    width: int, height: int, background: Sequence[Labelled], patches: Sequence[Patch]
) -> tuple[Image.Image, Boxes]:
    """A mosaic of this size with the patches at random places of a grid, and the (n, 4) boxes of their faces."""
    random = np.random.default_rng(width * height)
    image = Image.new("RGB", (width, height))
    tiles, y = cycle(background), 0
    while y < height:
        x, row_px = 0, 0
        while x < width:
            tile = Image.fromarray(open_photo(next(tiles).path.read_bytes()).pixels)
            image.paste(tile, (x, y))
            x, row_px = x + tile.width, max(row_px, tile.height)
        y += row_px
    boxes = []
    for (near_x, near_y), (patch, (x1, y1, x2, y2)) in zip(_places(width, height, len(patches)), patches, strict=True):
        left = int(near_x + random.uniform(0, 20))
        top = int(min(max(0, near_y + random.uniform(0, 20)), height - patch.height))
        image.paste(patch, (left, top))
        boxes.append((left + x1, top + y1, left + x2, top + y2))
    return image, np.array(boxes, np.float64)


def _places(width: int, height: int, count: int) -> list[tuple[float, float]]:
    """The left top corners of ``count`` cells of a grid that fits the shape."""
    columns = max(1, min(count, round((count * width / height) ** 0.5)))
    rows = -(-count // columns)
    return [(at % columns / columns * width, at // columns / rows * height) for at in range(count)]


def _patches(labelled: Sequence[Labelled], count: int) -> list[Patch]:
    """Large faces, each of another picture, reduced to `_FACE_PX` with their surroundings."""
    large = [(each, each.faces[sizes_px(each.faces).argmax()]) for each in labelled if len(each.faces)]
    large = [(each, face) for each, face in large if sizes_px(face[None])[0] >= _LEAST_PX]
    patches = []
    for at in np.linspace(0, len(large) - 1, count).round().astype(int):
        each, (x1, y1, x2, y2) = large[at]
        image = Image.fromarray(open_photo(each.path.read_bytes()).pixels)
        scale = _FACE_PX / float(sizes_px(large[at][1][None])[0])
        around_x, around_y = (x2 - x1) / 2 * (_CONTEXT - 1), (y2 - y1) / 2 * (_CONTEXT - 1)
        left, top = max(0, round(x1 - around_x)), max(0, round(y1 - around_y))
        crop = image.crop((left, top, min(image.width, round(x2 + around_x)), min(image.height, round(y2 + around_y))))
        patch = crop.resize((round(crop.width * scale), round(crop.height * scale)), Image.Resampling.LANCZOS)
        box = ((x1 - left) * scale, (y1 - top) * scale, (x2 - left) * scale, (y2 - top) * scale)
        patches.append((patch, box))
    return patches


def _found(profile: ProfileName, image: Image.Image, boxes: Boxes) -> int:
    policy = Policy(profile=profile)
    plan = plan_for(policy)
    rows = plan.detect(Frame(np.asarray(image))).rows
    destroyed = rows[rows[:, 4] >= plan.threshold, :4].astype(np.float64)
    return int((destroyed_share(boxes, destroyed, policy.padding) >= _VISIBLE).sum())

"""Faces near the poles of 360 degree pictures: how many of six are found and destroyed at each pitch.

Each face of the sample group is projected onto a sphere, upright and 12 degrees high, as a camera on a mast sees it;
one of the six lies on the seam. A sphere shows the same face at a pitch and at the opposite one. A face counts if its
box, as a viewer that looks at it shows it, is destroyed to 95 %.
"""

from __future__ import annotations

import math
import statistics
import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline import Policy, ProfileName
from blurline.box import Box
from blurline.decision.choice import choose
from blurline.picture.destroy import destroy
from blurline.picture.photo import Frame
from blurline.picture.projection import Sphere
from blurline.policy import Style
from models import DetectionPlan, plan_for
from tests.pictures import GROUP
from tests.spheres import background, face_points, with_face

_WIDTH = 4096
_PITCHES = (0, 50, 60, 70, 75, 80, 85)
_HEIGHT = 12.0
CONTEXT = 2.5  # of a face in its patch, as a multiple of its box
_COVERED = 0.95
_ROUNDS = 3
_YAWS = (180, -130, -75, -20, 35, 100)


def run() -> dict[str, Any]:
    """Faces of six at each pitch with and without the views, and what the views cost, as a ratio of CPU times."""
    with Image.open(GROUP) as image:
        group = image.convert("RGB")
    patches = face_patches(group)
    clouds = background(_WIDTH)
    plans = {profile: plan_for(Policy(profile=profile)) for profile in ProfileName}
    standard = plans[ProfileName.STANDARD]
    covered = {
        name: {at: n for pitch in _PITCHES for at, n in _covered(standard, clouds, patches, pitch, sphere).items()}
        for name, sphere in (("views", Sphere(_WIDTH, _WIDTH / 2)), ("no_views", None))
    }
    sphere = Frame(clouds, sphere=Sphere(_WIDTH, _WIDTH / 2))
    photo = Frame(np.asarray(group.resize((1920, 960))), sphere=Sphere(1920, 960, is_certain=False))
    return {
        "covered_of_six": covered,
        "views_over_detection": {
            profile: {"sphere": _cost(plan, sphere), "photograph_2_to_1": _cost(plan, photo)}
            for profile, plan in plans.items()
        },
    }


def _cost(plan: DetectionPlan, frame: Frame) -> dict[str, float]:
    """CPU seconds of detection without views, and the ratio with views to without, from alternating runs."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(_ROUNDS):
        for has_views, seconds in times.items():
            shown = frame if has_views else replace(frame, sphere=None)
            started = time.process_time()
            plan.detect(shown)
            seconds.append(time.process_time() - started)
    with_views, without = (statistics.median(times[has_views]) for has_views in (True, False))
    return {"seconds_without": round(without, 2), "ratio": round(with_views / without, 2)}


def face_patches(group: Image.Image) -> list[tuple[Image.Image, float]]:
    """Six faces of the picture with their surroundings, and the width of each face over its height."""
    rows = plan_for(Policy()).detect(Frame(np.asarray(group))).rows
    large = sorted((Box(*row[:4]) for row in rows[rows[:, 4] > 0.5].tolist()), key=lambda box: -box.height_px)[:6]
    patches = []
    for box in large:
        x, y, half = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2, box.height_px / 2 * CONTEXT
        crop = group.crop((round(x - half), round(y - half), round(x + half), round(y + half)))
        patches.append((crop, box.width_px / box.height_px))
    return patches


def _covered(
    plan: DetectionPlan,
    clouds: NDArray[np.uint8],
    patches: list[tuple[Image.Image, float]],
    pitch: int,
    sphere: Sphere | None,
) -> dict[int, int]:
    """How many of the faces are destroyed at this pitch and at the opposite one."""
    half = math.tan(math.radians(_HEIGHT) / 2)
    patch_height = 2 * math.degrees(math.atan(half * CONTEXT))
    pitches = sorted({pitch, -pitch})
    count = dict.fromkeys(pitches, 0)
    for (patch, aspect), yaw in zip(patches, _YAWS, strict=True):
        pixels = clouds
        for each in pitches:
            pixels = with_face(pixels, patch, yaw, each, patch_height)
        is_destroyed = _destroyed_pixels(plan, Frame(pixels, sphere=sphere))
        size = (2 * math.degrees(math.atan(half * aspect)), _HEIGHT)
        for each in pitches:
            count[each] += bool(is_destroyed[face_points(_WIDTH, yaw, each, size)].mean() >= _COVERED)
    return count


def _destroyed_pixels(plan: DetectionPlan, frame: Frame) -> NDArray[np.bool_]:
    """Which pixels, (H, W), the faces found in a frame destroy."""
    policy = Policy(style=Style.SOLID)
    choice = choose(plan.detect(frame).rows, policy, plan.threshold, frame.width_px, frame.height_px)
    # Neighbouring levels differ, so that their average differs from them.
    levels = (np.indices((frame.height_px, frame.width_px)).sum(axis=0) % 2 * 200).astype(np.uint8)[:, :, None]
    return np.asarray((destroy(levels, choice.faces, policy) != levels)[:, :, 0])

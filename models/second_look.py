"""The second look: another model searches the written result for faces that are still visible.

It runs YuNet over the whole picture, and closer over regions around what it then takes for an uncovered face, but not
for sure. YuNet misses more faces than the profiles, but different ones, and it also detects errors between detection
and writing (docs/detection.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.decision.choice import Choice
from blurline.decision.doubt import SECOND_LOOK_SCORE
from blurline.faces import Faces
from blurline.picture.gain_map_result import upright_map
from blurline.picture.letterbox import scale_to_side
from blurline.picture.photo import Frame, Photo
from blurline.policy import Policy
from blurline.policy.profile import SECOND_LOOK_MODEL, Pass
from blurline.settings import Settings
from models.detector import Detector
from models.loading import vendored_detector
from models.look import Focus, run_pass
from models.merge import non_maximum_suppression
from models.sphere import View, look_around

SURE = 0.8
"""From this score, a visible face is one for sure: it stops the result, regardless of the policy."""

_SIDE_PX = 640
_CLOSER_SIDE_PX = 1280
_QUESTION_SCORE = 0.2
_QUESTION_PX = 96.0  # in the first pass; a larger face is not seen better from close by
_VIEW_SIDES_PX = (320, 640)
_MERGE_IOU = 0.4


def visible_faces(written: Frame, choice: Choice, policy: Policy, settings: Settings) -> Faces:
    """Return (n, 5) rows of candidates visible in a written frame against the policy's choice, best first.

    Rows are in upright pixels. A sphere is also searched in the views of its top and bottom.
    """
    detector = vendored_detector(SECOND_LOOK_MODEL, settings.detector.execution_provider)

    def is_open(rows: Faces) -> NDArray[np.bool_]:
        return choice.uncovered(rows, policy, written.width_px, written.height_px)

    def seen_in_view(_: View, pixels: NDArray[np.uint8]) -> tuple[Faces, NDArray[np.float32]]:
        rows = non_maximum_suppression(_candidates_of_view(pixels, detector), _MERGE_IOU)
        return rows, rows[:, 4]

    found = [_candidates(pixels, detector, is_open) for pixels in written.appearances]
    around, _ = look_around(written, seen_in_view)
    rows = non_maximum_suppression(np.concatenate([*found, around]), _MERGE_IOU)
    rows = rows[rows[:, 4] >= SECOND_LOOK_SCORE]
    return rows[is_open(rows)]


def is_face_in_map(written: Photo, choice: Choice, policy: Policy, settings: Settings) -> bool:
    """Whether the gain map of a written file, with stretched levels, may show a face against the policy's choice.

    A map has details where the picture itself is white, as behind a bright window.
    """
    if written.gain_map is None:
        return False
    detector = vendored_detector(SECOND_LOOK_MODEL, settings.detector.execution_provider)
    levels = upright_map(written.gain_map, written.orientation).pixels
    low, high = np.percentile(levels, [0.1, 99.9])
    stretched = ((levels - low) / max(high - low, 1) * 255).clip(0, 255).astype(np.uint8)
    pixels = stretched if stretched.ndim == 3 else np.stack([stretched] * 3, axis=2)
    scale = np.array([written.width_px / pixels.shape[1], written.height_px / pixels.shape[0]] * 2, np.float32)

    def is_open(rows: Faces) -> NDArray[np.bool_]:
        in_picture = rows.copy()
        in_picture[:, :4] *= scale
        return choice.uncovered(in_picture, policy, written.width_px, written.height_px)

    rows = _candidates(pixels, detector, is_open)
    return bool((rows[is_open(rows)][:, 4] >= SECOND_LOOK_SCORE).any())


def _candidates(pixels: NDArray[np.uint8], detector: Detector, is_open: Callable[[Faces], NDArray[np.bool_]]) -> Faces:
    """Return unmerged (n, 5) rows of one appearance. ``is_open``: which rows are visible against the policy."""
    image = Image.fromarray(pixels)
    picture = scale_to_side(image, _SIDE_PX)
    found = run_pass(Pass(_SIDE_PX), picture, None, detector).faces
    found = non_maximum_suppression(found[found[:, 4] >= _QUESTION_SCORE], _MERGE_IOU)
    uncovered = found[is_open(found)]
    sides_px = np.sqrt(np.prod(uncovered[:, 2:4] - uncovered[:, :2], axis=1)) * picture.scale
    questions = uncovered[(sides_px < _QUESTION_PX) & (uncovered[:, 4] < SURE)]
    if not len(questions):
        return found
    closer = scale_to_side(image, _CLOSER_SIDE_PX)
    focus = Focus(questions, math.inf)
    return np.concatenate([found, run_pass(Pass(_CLOSER_SIDE_PX), closer, focus, detector).faces])


def _candidates_of_view(pixels: NDArray[np.uint8], detector: Detector) -> Faces:
    """Return unmerged (n, 5) rows of a view of a sphere."""
    image = Image.fromarray(pixels)
    found = [run_pass(Pass(side_px), scale_to_side(image, side_px), None, detector).faces for side_px in _VIEW_SIDES_PX]
    rows = np.concatenate(found)
    return rows[rows[:, 4] >= SECOND_LOOK_SCORE]

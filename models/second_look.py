"""The second look: another model searches the written result for faces that are still visible.

It runs YuNet in two passes, about 50 ms for 2 megapixels. YuNet misses more faces than the profiles, but different
ones, and it also detects errors between detection and writing (docs/detection.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blurline.decision.choice import Choice
from blurline.decision.doubt import SECOND_LOOK_SCORE
from blurline.errors import OutputCheckFailed
from blurline.faces import Faces
from blurline.picture.letterbox import scale_to_side
from blurline.picture.photo import Frame
from blurline.policy import Policy
from blurline.policy.profile import SECOND_LOOK_MODEL
from blurline.settings import Settings
from models.detector import Detector
from models.loading import vendored_detector
from models.merge import non_maximum_suppression
from models.sphere import look_around

SURE = 0.8
"""From this score, a visible face stops the result, regardless of the policy."""

_SIDES_PX = (640, 1280)
_VIEW_SIDES_PX = (320, 640)
_MERGE_IOU = 0.4


def visible_faces(written: Frame, choice: Choice, policy: Policy, settings: Settings) -> Faces:
    """Return (n, 5) rows of candidates visible in a written frame against the policy's choice, best first.

    Rows are in upright pixels. A sphere is also searched in the views of its top and bottom. Raises OutputCheckFailed
    if a score is so high that the candidate must be a face.
    """
    detector = vendored_detector(SECOND_LOOK_MODEL, settings.detector.execution_provider)
    found = [_candidates(pixels, _SIDES_PX, detector) for pixels in written.appearances]

    def seen_in_view(pixels: NDArray[np.uint8]) -> tuple[Faces, NDArray[np.float32]]:
        rows = non_maximum_suppression(_candidates(pixels, _VIEW_SIDES_PX, detector), _MERGE_IOU)
        return rows, rows[:, 4]

    around, _ = look_around(written, seen_in_view)
    rows = non_maximum_suppression(np.concatenate([*found, around]), _MERGE_IOU)
    rows = rows[rows[:, 4] >= SECOND_LOOK_SCORE]
    shown = rows[choice.uncovered(rows, policy, written.width_px, written.height_px)]
    if len(shown) and shown[0, 4] >= SURE:
        x1, y1, x2, y2, score = shown[0].tolist()
        raise OutputCheckFailed(
            f"A face is still visible in the written file, at ({x1:.0f}, {y1:.0f}) to ({x2:.0f}, {y2:.0f}), score "
            f"{score:.2f}."
        )
    return shown


def _candidates(pixels: NDArray[np.uint8], sides_px: tuple[int, ...], detector: Detector) -> Faces:
    """The (n, 5) unmerged rows of passes with these long sides."""
    image = Image.fromarray(pixels)
    found = [
        each.to_photo(detector.candidates(each.pixels, SECOND_LOOK_SCORE))
        for side_px in sides_px
        for each in scale_to_side(image, side_px).letterboxes(detector.stride_px)
    ]
    return np.concatenate(found)

"""The second look: another model goes over the written result as a stranger would, for a face that still shows.

YuNet in two passes, about 50 ms for 2 megapixels. It misses more faces than the looks of the profiles, but not the same
ones, and it sees what went wrong between detecting and writing (docs/detection.md).
"""

from __future__ import annotations

import numpy as np
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
from models.loading import vendored_detector
from models.merge import non_maximum_suppression

SURE = 0.8
"""From this score a face that shows is certain enough to hold the result whatever the policy says."""

_SIDES_PX = (640, 1280)
_MERGE_IOU = 0.4


def visible_faces(written: Frame, choice: Choice, policy: Policy, settings: Settings) -> Faces:
    """What shows in a frame of a written result against the policy's choice -> (n, 5) rows, upright pixels, best first.

    Raises OutputCheckFailed when one of them surely is a face.
    """
    detector = vendored_detector(SECOND_LOOK_MODEL, settings.detector.execution_provider)
    found = [
        each.to_photo(detector.candidates(each.pixels, SECOND_LOOK_SCORE))
        for image in map(Image.fromarray, written.appearances)
        for side_px in _SIDES_PX
        for each in scale_to_side(image, side_px).letterboxes(detector.stride_px)
    ]
    rows = non_maximum_suppression(np.concatenate(found), _MERGE_IOU)
    shown = rows[choice.uncovered(rows, policy, written.width_px, written.height_px)]
    if len(shown) and shown[0, 4] >= SURE:
        x1, y1, x2, y2, score = shown[0].tolist()
        raise OutputCheckFailed(
            f"A face still shows in the written file, at ({x1:.0f}, {y1:.0f}) to ({x2:.0f}, {y2:.0f}) with a score of "
            f"{score:.2f}."
        )
    return shown

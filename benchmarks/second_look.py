"""The second look, against two passes of its model over the whole picture, as it was until plan version 2.

Needs labelled pictures: ``EVAL_DIR`` with ``street.json`` and the folder ``street``. In each picture a quarter of the
labelled faces, chosen at random, stays visible on purpose and the others are destroyed. Recall is the share of visible
faces that a look sees with 0.5 (they add to the doubt) and with 0.8 (they stop the result). Cost is CPU time as a
multiple of one CenterFace run at 640 x 640 beside it, where every label is destroyed, as in nearly every result.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.evaluation_set import street
from blurline import Policy, open_photo
from blurline.decision.choice import Choice
from blurline.decision.doubt import SECOND_LOOK_SCORE
from blurline.faces import Faces
from blurline.picture.comparison import check_similar, check_untouched
from blurline.picture.destroy import touched_area
from blurline.picture.letterbox import scale_to_side
from blurline.picture.malloc_tuning import tune_malloc
from blurline.picture.photo import Frame, Photo
from blurline.picture.redact import write
from blurline.policy.profile import SECOND_LOOK_MODEL
from blurline.settings import Settings
from models import second_look
from models.loading import vendored_detector
from models.merge import iou, non_maximum_suppression

_OLD_SIDES_PX = (640, 1280)
_LEFT_SHARE = 0.25
_SAME_IOU = 0.3
_POLICY, _SETTINGS = Policy(), Settings()
_SCORES = (SECOND_LOOK_SCORE, second_look.SURE)

Look = Callable[[Frame, Choice], Faces]


def run() -> dict[str, Any]:
    """Recall of the visible faces and cost of both looks."""
    pictures = street("the second look")
    tune_malloc()
    looks: dict[str, Look] = {"before": _before, "now": _now}
    seen: dict[str, list[NDArray[np.float32]]] = {name: [] for name in looks}
    costs: dict[str, list[float]] = {name: [] for name in (*looks, "comparison")}
    for number, labelled in enumerate(pictures):
        photo = open_photo(labelled.path.read_bytes())
        is_left = np.zeros(len(labelled.faces), bool)
        is_left[np.random.default_rng(number).permutation(len(is_left))[: round(len(is_left) * _LEFT_SHARE + 0.49)]] = 1
        written, choice = _written(photo, labelled.faces[~is_left])
        for name, look in looks.items():
            seen[name].append(_best_scores(labelled.faces[is_left], look(written, choice)))
        for name, cost in _costs(photo, labelled.faces, looks).items():
            costs[name].append(cost)
    return {
        "load": os.getloadavg()[0],
        "visible_faces": sum(map(len, seen["now"])),
        "recall": {
            name: {str(least): round(float((np.concatenate(scores) >= least).mean()), 3) for least in _SCORES}
            for name, scores in seen.items()
        },
        "cost": {
            name: {"median": round(statistics.median(each), 2), "p90": round(float(np.percentile(each, 90)), 2)}
            for name, each in costs.items()
        },
    }


def _costs(photo: Photo, faces: NDArray[np.float64], looks: dict[str, Look]) -> dict[str, float]:
    written, choice = _written(photo, faces)
    places = [touched_area(face.box, _POLICY.padding) for face in choice.faces]
    square = np.zeros((640, 640, 3), np.uint8)

    def compare() -> None:
        check_untouched(photo.frames[0], Frame(photo.pixels.copy()), places)
        check_similar(photo.frames[0], written, places)

    def time_of(step: Callable[[], object]) -> float:
        started = time.process_time()
        step()
        return time.process_time() - started

    unit = statistics.median(time_of(lambda: vendored_detector("centerface").run(square)) for _ in range(3))
    measured = {name: time_of(lambda look=look: look(written, choice)) / unit for name, look in looks.items()}  # type: ignore[misc]
    return measured | {"comparison": time_of(compare) / unit}


def _written(photo: Photo, faces: NDArray[np.float64]) -> tuple[Frame, Choice]:
    """The first frame of the result in which these faces, (n, 4), are destroyed."""
    rows = np.column_stack([faces, np.ones(len(faces))]).astype(np.float32)
    choice = Choice(rows, np.ones(len(rows), bool), np.zeros(len(rows), bool))
    return write(photo, [choice.faces], _POLICY).photo.frames[0], choice


def _before(written: Frame, choice: Choice) -> Faces:
    detector = vendored_detector(SECOND_LOOK_MODEL)
    image = Image.fromarray(written.pixels)
    found = [
        each.to_photo(detector.candidates(each.pixels, SECOND_LOOK_SCORE))
        for side_px in _OLD_SIDES_PX
        for each in scale_to_side(image, side_px).letterboxes(detector.stride_px)
    ]
    rows = non_maximum_suppression(np.concatenate(found), 0.4)
    return rows[choice.uncovered(rows, _POLICY, written.width_px, written.height_px)]


def _now(written: Frame, choice: Choice) -> Faces:
    """The rows of the second look, also of one that stops the result."""
    return second_look.visible_faces(written, choice, _POLICY, _SETTINGS)


def _best_scores(faces: NDArray[np.float64], rows: Faces) -> NDArray[np.float32]:
    same = iou(faces, rows[:, :4]) > _SAME_IOU
    return np.asarray(np.where(same, rows[None, :, 4], 0).max(axis=1, initial=0), np.float32)

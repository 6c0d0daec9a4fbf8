"""YOLOv8- and YOLO11-shaped face models, brought by the user (their usual weights are AGPL or GPL, so none
are shipped). Input RGB 0..1. One output, read by its shape:

* ``(1, 4 + c, n)`` or ``(1, n, 4 + c)`` with one row an anchor: centre x, centre y, width, height, then class
  scores (and, in pose models, landmarks, which are not used);
* ``(1, n, 6)`` where n is not the number of anchors: with built-in non-maximum suppression, rows are corners,
  score, class.

Class 0 is the face; a policy may select others."""

from __future__ import annotations

import ast

import numpy as np
from numpy.typing import NDArray

from blurline.errors import ModelRejected
from blurline.faces import Faces
from models.detector import Detector, from_centres, to_tensor

_STRIDES_PX = (8, 16, 32)


class YoloFace(Detector):
    """A YOLO face detector."""

    @property
    def class_names(self) -> dict[int, str]:
        """The classes in the file's property ``names``, a Python literal as ``{0: 'plate'}``; empty without it."""
        try:
            names = ast.literal_eval(self._session.metadata.get("names", "{}"))
            return {int(number): str(name) for number, name in names.items()}
        except (ValueError, SyntaxError, AttributeError, TypeError, MemoryError, RecursionError):
            return {}

    def _prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return to_tensor(pixels) / np.float32(255)

    def _decode(
        self, outputs: list[NDArray[np.float32]], size: tuple[int, ...], min_score: float, classes: tuple[int, ...]
    ) -> Faces:
        rows = outputs[0][0]
        if rows.ndim != 2:
            raise ModelRejected(
                f"{self.card.file} has an output of shape {outputs[0].shape}; a YOLO model has (1, 4 + c, n)."
            )
        anchors = sum((size[0] // stride) * (size[1] // stride) for stride in _STRIDES_PX)
        if rows.shape[1] == 6 and rows.shape[0] != anchors:
            found = rows[(rows[:, 4] > min_score) & np.isin(rows[:, 5], classes)]
            return np.asarray(found[:, :5], np.float32)
        if anchors not in rows.shape or min(rows.shape) < 5:
            raise ModelRejected(
                f"{self.card.file} returns {rows.shape} for an input of {size[0]}x{size[1]} pixels; "
                f"a YOLO model returns (4 + classes, {anchors})."
            )
        by_anchor = rows if rows.shape[0] == anchors else rows.T
        if not 0 <= min(classes) <= max(classes) < by_anchor.shape[1] - 4:
            raise ModelRejected(
                f"{self.card.file} has {by_anchor.shape[1] - 4} classes, from 0 on, not all of {classes}."
            )
        score = by_anchor[:, [4 + wanted for wanted in classes]].max(axis=1)
        found, score = by_anchor[score > min_score], score[score > min_score]
        x, y, width, height = found[:, :4].T
        return from_centres(x, y, width, height, score)

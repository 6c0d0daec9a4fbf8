"""YuNet: tiny anchor-free detector (Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023).
Input BGR 0..255; twelve outputs: class, objectness, box and landmarks, each at strides 8, 16 and 32. The
score is the geometric mean of class and objectness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blurline.faces import Faces
from models.detector import FaceDetector, from_centres, to_tensor

_STRIDES_PX = (8, 16, 32)


class YuNet(FaceDetector):
    """The YuNet detector."""

    def _prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return to_tensor(pixels[:, :, ::-1])

    def _decode_faces(self, outputs: list[NDArray[np.float32]], size: tuple[int, ...], min_score: float) -> Faces:
        levels = zip(_STRIDES_PX, outputs[0:3], outputs[3:6], outputs[6:9], strict=True)
        return np.concatenate(
            [
                self._level(stride, size[1], classes[0], objects[0], boxes[0], min_score)
                for stride, classes, objects, boxes in levels
            ]
        )

    @staticmethod
    def _level(
        stride_px: int,
        width_px: int,
        classes: NDArray[np.float32],
        objects: NDArray[np.float32],
        boxes: NDArray[np.float32],
        min_score: float,
    ) -> Faces:
        score = np.sqrt(np.clip(classes[:, 0], 0, 1) * np.clip(objects[:, 0], 0, 1))
        kept = np.nonzero(score > min_score)[0]
        row, column = np.divmod(kept, width_px // stride_px)
        box = boxes[kept]
        x, y = (column + box[:, 0]) * stride_px, (row + box[:, 1]) * stride_px
        width, height = np.exp(box[:, 2]) * stride_px, np.exp(box[:, 3]) * stride_px
        return from_centres(x, y, width, height, score[kept])

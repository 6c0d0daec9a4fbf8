"""CenterFace: anchor-free heat map detector (Xu et al., "CenterFace: Joint Face Detection and Alignment
Using Face as Point", 2019). Input RGB 0..255; outputs at stride 4: heat map, log scale (height, width),
offset (y, x) and landmarks, of which the last are not used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blurline.faces import Faces
from models.detector import FaceDetector, from_centres, to_tensor

_STRIDE_PX = 4


class CenterFace(FaceDetector):
    """The CenterFace detector."""

    def _prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return to_tensor(pixels)

    def _decode_faces(self, outputs: list[NDArray[np.float32]], size: tuple[int, ...], min_score: float) -> Faces:
        heat, scale, offset = (output[0] for output in outputs[:3])
        row, column = np.nonzero(heat[0] > min_score)
        height, width = np.exp(scale[:, row, column]) * _STRIDE_PX
        y = (row + offset[0, row, column] + 0.5) * _STRIDE_PX
        x = (column + offset[1, row, column] + 0.5) * _STRIDE_PX
        return from_centres(x, y, width, height, heat[0, row, column])

"""The base of all detectors."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from blurline.errors import ModelRejected
from blurline.faces import Faces
from models.card import ModelCard
from models.session import Session


class Detector(ABC):
    """A face detector over an onnxruntime session.

    A subclass defines how pixels become the model's tensor (`_prepare`) and how its outputs become boxes (`_decode`).
    Detectors have no state except the session, and threads may share them.
    """

    stride_px: int = 32

    def __init__(self, card: ModelCard, session: Session) -> None:
        self.card = card
        self._session = session

    @property
    def provider(self) -> str:
        """The execution provider that the session uses."""
        return self._session.provider

    @property
    def fixed_input(self) -> tuple[int, int] | None:
        """(height, width) if the model has one input size, otherwise None."""
        return self._session.fixed_input

    @property
    def smallest_input(self) -> tuple[int, int]:
        """(height, width) of the smallest input that makes sense to run."""
        return self.fixed_input or (2 * self.stride_px, 2 * self.stride_px)

    @property
    def class_names(self) -> dict[int, str]:
        """The classes that the model file names, by number; empty if it names none."""
        return {}

    def candidates(self, pixels: NDArray[np.uint8], min_score: float, classes: tuple[int, ...] = (0,)) -> Faces:
        """Return (n, 5) unmerged rows in input pixels for (H, W, 3) RGB uint8, sides a multiple of ``stride_px``.

        ``classes``: numbers of the model's classes to detect. Raises ModelRejected for a class that it does not have.
        """
        return self._decode(self.run(pixels), pixels.shape[:2], min_score, classes)

    def run(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Return the model's raw outputs for (H, W, 3) RGB uint8."""
        return self._session.run(self._prepare(pixels))

    def release_memory(self) -> None:
        """Return memory that finished runs of all detectors used to the system. Costs one small run."""
        height, width = self.smallest_input
        self._session.release_memory(self._prepare(np.zeros((height, width, 3), np.uint8)))

    @abstractmethod
    def _prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]: ...

    @abstractmethod
    def _decode(
        self, outputs: list[NDArray[np.float32]], size: tuple[int, ...], min_score: float, classes: tuple[int, ...]
    ) -> Faces: ...


class FaceDetector(Detector):
    """A detector with one class: faces, class 0."""

    @property
    def class_names(self) -> dict[int, str]:
        """The one class."""
        return {0: "face"}

    def _decode(
        self, outputs: list[NDArray[np.float32]], size: tuple[int, ...], min_score: float, classes: tuple[int, ...]
    ) -> Faces:
        if set(classes) != {0}:
            raise ModelRejected(f"The model {self.card.name} has only class 0, faces; the policy asks for {classes}.")
        return self._decode_faces(outputs, size, min_score)

    @abstractmethod
    def _decode_faces(self, outputs: list[NDArray[np.float32]], size: tuple[int, ...], min_score: float) -> Faces: ...


def to_tensor(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Convert (H, W, 3) uint8 to contiguous (1, 3, H, W) float32 with the same values."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], dtype=np.float32)


def from_centres(x: NDArray, y: NDArray, width: NDArray, height: NDArray, score: NDArray) -> Faces:  # type: ignore[type-arg]
    """Convert centres and sizes, each of shape (n,), to (n, 5) corner rows."""
    rows = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2, score], axis=1)
    return np.asarray(rows, np.float32)

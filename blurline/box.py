"""Boxes and faces, in the one coordinate space of the product.

Once a photograph is upright, every coordinate is in **pixels of the upright photograph**: float corners
``(x1, y1, x2, y2)``, origin at the top left corner of the top left pixel, x to the right, y down. A box
around the whole photograph is ``(0, 0, width_px, height_px)``.
"""

from __future__ import annotations

from dataclasses import dataclass

from blurline.detected_class import FACE


@dataclass(frozen=True, slots=True)
class Box:
    """A bounding box: corners in pixels of the upright photograph (see the module)."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width_px(self) -> float:
        """Width in pixels."""
        return self.x2 - self.x1

    @property
    def height_px(self) -> float:
        """Height in pixels."""
        return self.y2 - self.y1

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """``x1, y1, x2, y2``."""
        return self.x1, self.y1, self.x2, self.y2

    def clipped(self, width_px: int, height_px: int) -> Box:
        """The part of the box inside a photograph of this size."""
        return Box(
            min(max(self.x1, 0.0), width_px),
            min(max(self.y1, 0.0), height_px),
            min(max(self.x2, 0.0), width_px),
            min(max(self.y2, 0.0), height_px),
        )


@dataclass(frozen=True, slots=True)
class Face:
    """A detected face, or an object of another class: where it is and the detector's score in 0..1."""

    box: Box
    score: float
    class_name: str = FACE

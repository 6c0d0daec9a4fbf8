"""A reviewer's corrections: which boxes to destroy, and which are not faces."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, model_validator

from blurline.detected_class import FACE, ClassName
from blurline.errors import MarkMisses

_MOST_BOXES = 5000


class MarkedBox(BaseModel):
    """A box in pixels of the upright photograph, in one of its frames. A box drawn by hand has score 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frame: int = Field(default=0, ge=0, le=1_000_000, strict=True)
    x1: float = Field(ge=-1_000_000, le=1_000_000, strict=True)
    y1: float = Field(ge=-1_000_000, le=1_000_000, strict=True)
    x2: float = Field(ge=-1_000_000, le=1_000_000, strict=True)
    y2: float = Field(ge=-1_000_000, le=1_000_000, strict=True)
    score: float = Field(default=1, ge=0, le=1, strict=True)
    class_name: ClassName = Field(
        default=FACE,
        exclude_if=lambda value: value == FACE,  # so that workers of the previous release read marked faces
        description="What the box shows. Without it, a face.",
    )

    @model_validator(mode="after")
    def _has_area(self) -> MarkedBox:
        if self.x2 - self.x1 < 1 or self.y2 - self.y1 < 1:
            raise ValueError("x2 must be at least x1 + 1, and y2 at least y1 + 1")
        return self

    def miss(self, sizes_px: Sequence[tuple[float, float]] | None) -> str | None:
        """Return why the box covers no pixel's centre; None when it covers one.

        ``sizes_px``: (width, height) of each frame, infinite where unknown; None when the number of frames is unknown.
        """
        width_px, height_px = math.inf, math.inf
        if sizes_px is not None:
            if self.frame >= len(sizes_px):
                return f"the picture has {len(sizes_px)} frame(s), counted from 0"
            width_px, height_px = sizes_px[self.frame]
        if _holds_a_centre(self.x1, self.x2, width_px) and _holds_a_centre(self.y1, self.y2, height_px):
            return None
        known = "" if math.isinf(width_px) else f" of {width_px:.0f} x {height_px:.0f} pixels"
        return f"it lies outside the picture{known}"

    def __str__(self) -> str:
        return f"({self.x1:g}, {self.y1:g}, {self.x2:g}, {self.y2:g}) in frame {self.frame}"


class Correction(BaseModel):
    """All boxes to destroy, and the detections to leave visible. ``is_held``: the new result waits for another
    review. ``is_first_approval``: it waits, and another reviewer than the one who corrected it must approve it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    destroy: tuple[MarkedBox, ...] = Field(default=(), max_length=_MOST_BOXES)
    leave: tuple[MarkedBox, ...] = Field(default=(), max_length=_MOST_BOXES)
    is_held: bool = Field(default=False, strict=True)
    is_first_approval: bool = Field(
        default=False,
        strict=True,
        exclude_if=lambda value: value is False,  # so that workers of the previous release read corrections without it
    )

    def check_marks(self, sizes_px: Sequence[tuple[float, float]]) -> None:
        """Raise MarkMisses unless every box to destroy covers a pixel; ``sizes_px``: (width, height) of each frame."""
        for number, box in enumerate(self.destroy, start=1):
            why = box.miss(sizes_px)
            if why is not None:
                raise MarkMisses(f"Box {number}, {box}, covers no pixel: {why}. Correct the image again.")


def _holds_a_centre(start: float, end: float, length_px: float) -> bool:
    """Whether an interval contains the centre of a pixel on a side of this length."""
    return math.ceil(max(start, 0) - 0.5) + 0.5 <= min(end, length_px)

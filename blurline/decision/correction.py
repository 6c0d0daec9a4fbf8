"""What a reviewer has made of the boxes of an image: which to destroy, and which are no faces."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from blurline.box import Faces
from blurline.decision.choice import Choice

_MOST_BOXES = 5000


class MarkedBox(BaseModel):
    """A box in pixels of the upright photograph, in one of its frames. A box that was drawn by hand scores 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frame: int = Field(default=0, ge=0, strict=True)
    x1: float = Field(ge=-1_000_000, le=1_000_000, strict=True)
    y1: float = Field(ge=-1_000_000, le=1_000_000, strict=True)
    x2: float = Field(ge=-1_000_000, le=1_000_000, strict=True)
    y2: float = Field(ge=-1_000_000, le=1_000_000, strict=True)
    score: float = Field(default=1, ge=0, le=1, strict=True)

    @model_validator(mode="after")
    def _has_area(self) -> MarkedBox:
        if self.x2 - self.x1 < 1 or self.y2 - self.y1 < 1:
            raise ValueError("a box needs x1 < x2 and y1 < y2, by a pixel at least")
        return self


class Correction(BaseModel):
    """The boxes to destroy, all of them, and those that were found and are to be left. ``is_held``: the new result is
    held to be looked at once more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    destroy: tuple[MarkedBox, ...] = Field(default=(), max_length=_MOST_BOXES)
    leave: tuple[MarkedBox, ...] = Field(default=(), max_length=_MOST_BOXES)
    is_held: bool = Field(default=False, strict=True)

    def choices(self, frames: int) -> tuple[Choice, ...]:
        """The choice for each of so many frames."""
        return tuple(self._choice(frame) for frame in range(frames))

    def _choice(self, frame: int) -> Choice:
        destroyed, left = ([box for box in boxes if box.frame == frame] for boxes in (self.destroy, self.leave))
        rows: Faces = np.array(
            [[box.x1, box.y1, box.x2, box.y2, box.score] for box in (*destroyed, *left)], np.float32
        ).reshape(-1, 5)
        is_destroyed = np.arange(len(rows)) < len(destroyed)
        return Choice(rows, is_destroyed, ~is_destroyed)

"""Regions and size limits of a policy, in relative or pixel coordinates of the upright photograph."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from blurline.box import Box

MOST_PX = 1_000_000
_Coordinate = Annotated[float, Field(ge=0, le=MOST_PX, strict=True, allow_inf_nan=False)]


class Unit(StrEnum):
    """The unit of coordinates and sizes."""

    RELATIVE = "relative"
    PIXEL = "pixel"


class Region(BaseModel):
    """A rectangle of the upright photograph, from its top left to its bottom right corner.

    ``relative`` coordinates run from 0 to 1 along the photograph's width and height.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    x1: _Coordinate = Field(title="Left", description="The left side of the rectangle, in the unit below.")
    y1: _Coordinate = Field(title="Top", description="The top of the rectangle, in the unit below.")
    x2: _Coordinate = Field(title="Right", description="The right side of the rectangle, in the unit below.")
    y2: _Coordinate = Field(title="Bottom", description="The bottom of the rectangle, in the unit below.")
    unit: Unit = Field(
        default=Unit.RELATIVE,
        title="Unit",
        description="`relative`: from 0 to 1 along the photograph's width and height; or `pixel`.",
    )

    @model_validator(mode="after")
    def _has_an_area(self) -> Self:
        if self.x1 >= self.x2 or self.y1 >= self.y2:
            raise ValueError("x2 must be larger than x1, and y2 larger than y1")
        if self.unit is Unit.RELATIVE and max(self.x2, self.y2) > 1:
            raise ValueError("relative coordinates must be between 0 and 1; use `unit: pixel` for pixels")
        return self

    def box(self, width_px: int, height_px: int) -> Box:
        """The part of the region inside a photograph of this size, in pixels."""
        scale_x, scale_y = (width_px, height_px) if self.unit is Unit.RELATIVE else (1, 1)
        box = Box(self.x1 * scale_x, self.y1 * scale_y, self.x2 * scale_x, self.y2 * scale_y)
        return box.clipped(width_px, height_px)


class SizeLimits(BaseModel):
    """Sizes of faces to destroy, by the longer side of their box; ``relative`` to the photograph's longer side."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_side: float = Field(
        title="Least side",
        description="Faces whose longer side is shorter than this stay visible.",
        default=0,
        ge=0,
        le=MOST_PX,
        strict=True,
        allow_inf_nan=False,
    )
    max_side: float | None = Field(
        title="Greatest side",
        description="Faces whose longer side is longer than this stay visible. Empty: no limit.",
        default=None,
        gt=0,
        le=MOST_PX,
        strict=True,
        allow_inf_nan=False,
    )
    unit: Unit = Field(
        default=Unit.RELATIVE,
        title="Unit",
        description="`relative`: from 0 to 1 of the photograph's longer side; or `pixel`.",
    )

    @model_validator(mode="after")
    def _allows_any(self) -> Self:
        if self.max_side is not None and self.min_side > self.max_side:
            raise ValueError("min_side is larger than max_side, so no face would be destroyed")
        if self.unit is Unit.RELATIVE and self.min_side > 1:
            raise ValueError("a relative min_side must be between 0 and 1; use `unit: pixel` for pixels")
        return self

    def allow(self, side_px: float, long_side_px: int) -> bool:
        """Whether a face with this longer side is within the limits."""
        side = side_px / long_side_px if self.unit is Unit.RELATIVE else side_px
        return self.min_side <= side and (self.max_side is None or side <= self.max_side)

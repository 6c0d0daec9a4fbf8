"""What to do with the faces of a photograph. Every image records the policy it was made with."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from blurline.profile import CANDIDATE_SCORE, ProfileName


class Style(StrEnum):
    """How a face is destroyed. All three are computed from a few averaged values (`blurline.destroy`)."""

    PIXELATE = "pixelate"
    BLUR = "blur"
    SOLID = "solid"


class Policy(BaseModel):
    """How faces are found and destroyed. Immutable; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: ProfileName = Field(
        default=ProfileName.STANDARD,
        description="Which detector passes are made: `fast` or `standard`.",
    )
    min_score: float | None = Field(
        default=None,
        ge=CANDIDATE_SCORE,
        lt=1,
        description="Destroy every face found with at least this score; the profile's own value when absent.",
    )
    padding: float = Field(
        default=0.25,
        ge=0.2,
        le=1,
        description="How far a box is grown on each side, as a fraction of half its width and height.",
    )
    style: Style = Field(default=Style.PIXELATE, description="How a face is destroyed.")
    cells_per_face: int = Field(
        default=5,
        ge=1,
        le=8,
        description="Averaged values kept across a face by `pixelate` and `blur`: fewer is stronger.",
    )

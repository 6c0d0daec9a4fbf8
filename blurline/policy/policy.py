"""What to do with the faces of a photograph. Every image records the policy it was made with."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from blurline.policy.metadata_policy import MetadataPolicy
from blurline.policy.profile import CANDIDATE_SCORE, ProfileName
from blurline.policy.region import Region, SizeLimits

_MOST_REGIONS = 100


class Style(StrEnum):
    """How a face is destroyed. All are computed from a few averaged values (`blurline.picture.destroy`)."""

    PIXELATE = "pixelate"
    BLUR = "blur"
    SOLID = "solid"
    EMOJI = "emoji"


class OutputFormat(StrEnum):
    """The format of a result: the one that the picture came in, or one for all."""

    SAME = "same"
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"


class Review(StrEnum):
    """Which results wait for a person before they are published."""

    NEVER = "never"
    DOUBTFUL = "doubtful"
    ALWAYS = "always"


class Policy(BaseModel):
    """How faces are found and destroyed. Immutable; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: ProfileName = Field(
        default=ProfileName.STANDARD,
        description="Which detector passes are made: `fast`, `standard` or `thorough`.",
    )
    min_score: float | None = Field(
        strict=True,
        default=None,
        ge=CANDIDATE_SCORE,
        lt=1,
        description="Destroy every face found with at least this score; the profile's own value when absent.",
    )
    padding: float = Field(
        strict=True,
        default=0.4,
        ge=0.2,
        le=1,
        description="How far a box is grown on each side, as a fraction of half its width and height.",
    )
    style: Style = Field(default=Style.PIXELATE, description="How a face is destroyed.")
    cells_per_face: int = Field(
        strict=True,
        default=5,
        ge=1,
        le=8,
        description="Averaged values kept across a face by `pixelate` and `blur`: fewer is stronger.",
    )
    review: Review = Field(
        default=Review.NEVER,
        description="Which results are held for a person: `never` any, `doubtful` ones, `always` all.",
    )
    max_doubt: float = Field(
        strict=True,
        default=0.6,
        ge=0,
        le=1,
        description="The doubt from which `review: doubtful` holds a result.",
    )
    keep_regions: tuple[Region, ...] = Field(
        default=(),
        max_length=_MOST_REGIONS,
        description="Where nothing is changed. A face at least half inside one is left as it is.",
    )
    always_regions: tuple[Region, ...] = Field(
        default=(),
        max_length=_MOST_REGIONS,
        description="What is destroyed in any case, also inside a keep-region.",
    )
    size_limits: SizeLimits | None = Field(default=None, description="Destroy only faces of such sizes.")
    classes: tuple[StrictInt, ...] = Field(
        default=(0,),
        min_length=1,
        description="Which classes of a model with several are destroyed, by their number; 0 is the face.",
    )
    metadata: MetadataPolicy = Field(
        default=MetadataPolicy.STRIP,
        description="What metadata passes: none (`strip`), time, camera and authorship (`safe`), also the position "
        "and panorama properties (`mapping`).",
    )
    output_format: OutputFormat = Field(
        default=OutputFormat.SAME, description="The format of the result; HEIC comes back as JPEG in any case."
    )
    exact: bool = Field(
        strict=True,
        default=False,
        description="JPEG to JPEG keeps the compressed coefficients of every block that no face touches; slower, and "
        "only where the operator has installed the extra `exact`.",
    )

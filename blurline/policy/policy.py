"""The policy: how to find and destroy faces. Every image records the policy of its result."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from blurline.detected_class import FACE, ClassName
from blurline.policy.metadata_policy import MetadataPolicy
from blurline.policy.profile import CANDIDATE_SCORE, ProfileName
from blurline.policy.region import Region, SizeLimits

_MOST_REGIONS = 100
_MOST_CLASSES = 10_000


class Style(StrEnum):
    """How to destroy a face. Every style keeps only a few averaged values (`blurline.picture.destroy`)."""

    PIXELATE = "pixelate"
    BLUR = "blur"
    SOLID = "solid"
    EMOJI = "emoji"


class OutputFormat(StrEnum):
    """The format of results: that of each picture, or one for all."""

    SAME = "same"
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"


class Review(StrEnum):
    """Which results wait for a review before publication."""

    NEVER = "never"
    DOUBTFUL = "doubtful"
    ALWAYS = "always"


class Policy(BaseModel):
    """How to find and destroy faces. Immutable; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: ProfileName = Field(
        title="Profile",
        default=ProfileName.STANDARD,
        description="Which detector passes to run: `fast`, `standard` or `thorough`.",
    )
    min_score: float | None = Field(
        title="Least score",
        strict=True,
        default=None,
        ge=CANDIDATE_SCORE,
        lt=1,
        description="Destroy every face with at least this score. Default: the profile's threshold.",
    )
    padding: float = Field(
        title="Padding",
        strict=True,
        default=0.4,
        ge=0.2,
        le=1,
        description="How far to grow each side of a box, as a fraction of half its width or height.",
    )
    style: Style = Field(title="Style", default=Style.PIXELATE, description="How to destroy a face.")
    cells_per_face: int = Field(
        title="Cells across a face",
        strict=True,
        default=5,
        ge=1,
        le=8,
        description="Number of averages across a face that `pixelate` and `blur` keep; fewer is stronger.",
    )
    review: Review = Field(
        title="Review",
        default=Review.NEVER,
        description="Which results wait for a review: none (`never`), `doubtful` ones, or all (`always`).",
    )
    max_doubt: float = Field(
        title="Doubt that needs a review",
        strict=True,
        default=0.6,
        ge=0,
        le=1,
        description="With `review: doubtful`, the doubt from which a result waits for a review.",
    )
    reviewers: Annotated[int, Field(strict=True, ge=1, le=2)] | None = Field(
        title="Reviewers",
        default=None,
        exclude_if=lambda value: value is None,  # so that workers of the previous release read policies without it
        description="How many different reviewers must approve a result that waits for a review. Default: one.",
    )
    keep_regions: tuple[Region, ...] = Field(
        title="Regions to keep",
        default=(),
        max_length=_MOST_REGIONS,
        description="Regions in which nothing changes. A face at least half inside one stays visible.",
    )
    always_regions: tuple[Region, ...] = Field(
        title="Regions to destroy",
        default=(),
        max_length=_MOST_REGIONS,
        description="Regions to destroy always, even inside a keep-region.",
    )
    size_limits: SizeLimits | None = Field(
        title="Size limits", default=None, description="Destroy only faces of these sizes."
    )
    classes: tuple[Annotated[StrictInt, Field(ge=0, le=_MOST_CLASSES)], ...] = Field(
        title="Classes of the model",
        default=(0,),
        min_length=1,
        max_length=100,
        description="For a model with several classes, the numbers of those to destroy; 0 is the face.",
    )
    other_classes: dict[ClassName, Style] | None = Field(
        title="Other classes",
        default=None,
        max_length=100,
        exclude_if=lambda value: value is None,  # so that workers of the previous release read policies without it
        description="Classes beside faces to destroy, each with its style. The operator's detectors find them.",
    )
    metadata: MetadataPolicy = Field(
        title="Metadata",
        default=MetadataPolicy.STRIP,
        description="Which metadata to keep: none (`strip`); time, camera and authorship (`safe`); these and the "
        "position and panorama properties (`mapping`).",
    )
    output_format: OutputFormat = Field(
        title="Format of results",
        default=OutputFormat.SAME,
        description="The format of the result. With `same`, HEIC becomes JPEG.",
    )
    exact: bool = Field(
        title="Exact JPEG blocks",
        strict=True,
        default=False,
        description="Keep the compressed coefficients of every JPEG block that no face touches. Slower; needs the "
        "extra `exact` on the workers.",
    )

    @model_validator(mode="after")
    def _leaves_faces_to_style(self) -> Self:
        if FACE in self.classes_destroyed:
            raise ValueError("`other_classes` cannot name `face`: faces are always destroyed, and `style` says how")
        return self

    @property
    def classes_destroyed(self) -> Mapping[str, Style]:
        """The classes beside faces to destroy, and the style of each."""
        return MappingProxyType(self.other_classes or {})

    @property
    def approvals(self) -> int:
        """How many different reviewers must approve a result that waits for a review."""
        return self.reviewers or 1

    def for_class(self, class_name: str) -> Policy:
        """The policy with the style of a class. A class that it does not name has the style of faces."""
        style = self.classes_destroyed.get(class_name, self.style)
        return self if style is self.style else self.model_copy(update={"style": style})

"""Review: tasks and decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    FailFast,
    Field,
    StrictBool,
    StringConstraints,
    model_validator,
)

from blurline.contract.base import NoteText, Request, with_examples
from blurline.contract.corrections import MarkedBox
from blurline.contract.examples import IMAGE_ID, OTHER_ID, SHA256, TIME
from blurline.contract.images import BOXES, IMAGE, ImageWithDetections

FrameNumber = Annotated[int, Field(ge=0, le=1_000_000, strict=True)]


class ReviewRequest(Request):
    """Which images to skip when the next one is chosen."""

    model_config = with_examples({"skip": [IMAGE_ID]})
    skip: list[UUID] = Field(default=[], max_length=500, description="Images that the reviewer skipped.")


class ReviewTask(BaseModel):
    """An image that the reviewer has claimed until `claimed_until`, and how many others are waiting."""

    model_config = with_examples(
        {
            "image": IMAGE | {"state": "needs_review", "detections": BOXES},
            "claimed_until": TIME,
            "waiting": 41,
        }
    )
    image: ImageWithDetections
    claimed_until: datetime
    waiting: int


class NextReview(BaseModel):
    """The next image to review; null when none is waiting."""

    model_config = with_examples({"task": None})
    task: ReviewTask | None


class SphereArea(BaseModel):
    """Where a frame lies in an equirectangular sphere of 360 x 180 degrees, in the frame's pixels."""

    full_width_px: float
    full_height_px: float
    left_px: float
    top_px: float


class TiledFrame(BaseModel):
    """A frame or page, and its highest level, which has every pixel. With `sphere` it is a spherical picture."""

    width_px: int
    height_px: int
    top_level: int
    sphere: SphereArea | None = None


class Tiles(BaseModel):
    """What the tiles of a file show. Each level has half the width and height of the next one, rounded up."""

    model_config = with_examples(
        {"tile_px": 512, "frames": [{"width_px": 4000, "height_px": 3000, "top_level": 12}]},
    )
    tile_px: int = Field(description="Width and height of a tile in pixels; tiles at the edges are smaller.")
    frames: list[TiledFrame]


class CorrectionRequest(Request):
    """Every box to destroy, in pixels of the upright photograph. Detections that are not among them stay visible.
    With `hold` the new result waits for another review before it is published."""

    model_config = with_examples(
        {"destroy": [{"frame": 0, "x1": 812.5, "y1": 401, "x2": 903.2, "y2": 520.7}], "hold": False, "note": ""}
    )
    destroy: Annotated[list[MarkedBox], Field(max_length=5000), FailFast()]
    hold: StrictBool = False
    note: NoteText = ""


class ApprovalRequest(Request):
    """The result that the reviewer saw. Approval publishes this result only. A result of several frames or pages also
    needs `frames_shown`: every frame, counted from 0."""

    model_config = with_examples({"result_sha256": SHA256, "frames_shown": [0]})
    result_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{1,64}$", max_length=64)]
    frames_shown: Annotated[list[FrameNumber], Field(max_length=100_000), FailFast()] = Field(
        default=[], description="The frames that the reviewer has seen."
    )


class RejectionRequest(Request):
    """Why the result must not be published."""

    model_config = with_examples({"note": "The reflection shows her face."})
    note: NoteText = ""


class ReviewSelection(Request):
    """Which images of a job to send to review: those with these ids, those with a doubt above this, or both."""

    model_config = with_examples({"doubt_above": 0.6}, {"image_ids": [IMAGE_ID]})
    image_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=1000)
    doubt_above: float | None = Field(default=None, ge=0, le=1, strict=True, allow_inf_nan=False)

    @model_validator(mode="after")
    def _selects(self) -> ReviewSelection:
        if self.image_ids is None and self.doubt_above is None:
            raise ValueError("give image_ids, doubt_above or both")
        return self


class SentToReview(BaseModel):
    """How many images now wait for a review. Those that are being processed are left out."""

    model_config = with_examples({"images": 131})
    images: int


DECISION: dict[str, Any] = {
    "id": OTHER_ID,
    "image_id": IMAGE_ID,
    "reviewer": "rita",
    "kind": "corrected",
    "added": [{"frame": 0, "x1": 10.0, "y1": 20.0, "x2": 60.0, "y2": 80.0, "score": 1.0}],
    "dropped": [],
    "note": "",
    "created_at": TIME,
}


class Decision(BaseModel):
    """A reviewer's decision and the boxes that it changed: `added` were drawn, `dropped` are not faces. A moved box is
    in both."""

    model_config = with_examples(DECISION)
    id: UUID
    image_id: UUID
    reviewer: str
    kind: Literal["approved", "rejected", "corrected"]
    added: list[MarkedBox]
    dropped: list[MarkedBox]
    note: str
    created_at: datetime


class Decisions(BaseModel):
    """Every decision on an image, oldest first."""

    model_config = with_examples({"decisions": [DECISION]})
    decisions: list[Decision]

"""What the board in the reviewer's browser sends."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from blurline.contract import NoteText
from blurline.contract.corrections import MarkedBox


class Answer(BaseModel):
    """What the reviewer does with an image. ``active`` says only that they are at work; ``boxes`` are all that are to
    be destroyed in the frame that is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["active", "next", "approve", "reject", "save"]
    image_id: UUID
    note: NoteText = ""
    boxes: list[MarkedBox] = Field(default=[], max_length=5000)
    hold: bool = False


def parse_answer(given: Any) -> Answer | None:
    """The answer in what a browser sent; None where it is none."""
    try:
        return Answer.model_validate(given)
    except ValidationError:
        return None

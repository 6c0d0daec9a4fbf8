"""Messages from the board in the reviewer's browser."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from blurline.contract import NoteText
from blurline.contract.corrections import MarkedBox


class Answer(BaseModel):
    """A reviewer's action on an image. ``active`` only reports activity; ``boxes`` are all boxes to destroy in the
    ``frames``, which are also those that were shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["active", "next", "approve", "reject", "save"]
    image_id: UUID
    note: NoteText = ""
    boxes: list[MarkedBox] = Field(default=[], max_length=5000)
    frames: list[int] = Field(default=[0], max_length=100_000)
    hold: bool = False


def parse_answer(given: Any) -> Answer | None:
    """Parse a message of the browser. None if it is not a valid answer."""
    try:
        return Answer.model_validate(given)
    except ValidationError:
        return None

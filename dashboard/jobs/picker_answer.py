"""Messages from the Submit page's field for photographs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from blurline.contract import SubmittedImage


class PickerAnswer(BaseModel):
    """What the field says: what is ``chosen``, or that the upload ``id`` has ended, with all ``images``, or was
    ``stopped`` by the user."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["chosen", "uploaded", "stopped"]
    id: str = ""
    count: int = Field(default=0, ge=0)
    size_bytes: int = Field(default=0, ge=0)
    images: list[SubmittedImage] = []


def parse_answer(given: Any) -> PickerAnswer | None:
    """Parse a message of the browser. None if it is not a valid answer."""
    try:
        return PickerAnswer.model_validate(given)
    except ValidationError:
        return None

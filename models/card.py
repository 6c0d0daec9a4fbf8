"""Model cards: what a model is, where it came from, and that its file is the very one that was measured."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from blurline.errors import ModelRejected

WEIGHTS = Path(__file__).parent / "weights"


class Family(StrEnum):
    """How a model's input and outputs are read: one file of this folder each."""

    CENTERFACE = "centerface"
    YUNET = "yunet"
    YOLO_FACE = "yolo_face"


class ModelCard(BaseModel):
    """A model's identity. ``name`` and ``sha256`` are recorded on every image made with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    family: Family
    file: str
    sha256: str
    licence: str
    source: str
    source_sha256: str
    copyright: str
    training_data: str
    input: str
    threshold: float
    measured: str


def vendored_card(name: str) -> ModelCard:
    """The card of a model in ``models/weights``. Raises ModelRejected when there is none of that name."""
    path = WEIGHTS / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(card.stem for card in WEIGHTS.glob("*.json")))
        raise ModelRejected(f"There is no model named {name!r}; Blurline ships {known}.")
    return ModelCard.model_validate_json(path.read_text())


def check_sha256(path: Path, expected: str) -> None:
    """Raise ModelRejected unless the file is there and has that sha256."""
    if not path.is_file():
        raise ModelRejected(f"The model file {path} does not exist.")
    found = file_sha256(path)
    if found != expected:
        raise ModelRejected(
            f"The model file {path} has sha256 {found}, its card says {expected}: it is damaged or another file. "
            "Fetch it again or correct the card."
        )


def file_sha256(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

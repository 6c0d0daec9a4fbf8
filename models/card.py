"""Model cards: identity and source of a model, and the checksum of its measured file."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from blurline.errors import ModelRejected

WEIGHTS = Path(__file__).parent / "weights"


class Family(StrEnum):
    """How to read a model's input and outputs; each family has a module in this folder."""

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
    """The card of a model in ``models/weights``. Raises ModelRejected for an unknown name."""
    path = WEIGHTS / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(card.stem for card in WEIGHTS.glob("*.json")))
        raise ModelRejected(f"No model is named {name!r}; Blurline ships {known}.")
    return ModelCard.model_validate_json(path.read_text())


def check_sha256(path: Path, expected: str) -> None:
    """Raise ModelRejected unless the file exists and has this sha256."""
    if not path.is_file():
        raise ModelRejected(f"The model file {path} does not exist.")
    found = file_sha256(path)
    if found != expected:
        raise ModelRejected(
            f"The model file {path} has sha256 {found}, but its card says {expected}. "
            "Download the file again, or correct the card."
        )


def file_sha256(path: Path) -> str:
    """The sha256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

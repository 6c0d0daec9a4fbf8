"""The classes of objects that an installation can destroy."""

from __future__ import annotations

from pydantic import BaseModel, Field

from blurline.contract.base import with_examples
from blurline.detected_class import ClassName


class DetectedClass(BaseModel):
    """A class, and the detector that finds it."""

    name: ClassName
    detector: str | None = Field(default=None, description="The operator's name of the detector. Null for faces.")
    in_every_policy: bool = Field(description="Whether every policy destroys it; otherwise those that name it.")


class DetectedClasses(BaseModel):
    """Every class, faces first. A policy names the others in `other_classes`."""

    model_config = with_examples(
        {
            "classes": [
                {"name": "face", "detector": None, "in_every_policy": True},
                {"name": "plate", "detector": "plates", "in_every_policy": False},
            ]
        }
    )
    classes: list[DetectedClass]

"""The setting BLURLINE_DETECTORS: an operator's detectors of other classes, which run beside the face detector."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from blurline.detected_class import FACE, ClassName

_MOST_CLASS = 10_000


class FurtherDetector(BaseModel):
    """A detector of classes other than faces.

    ``classes``: names by the numbers that the model gives its classes; numbers of one name are one class. ``policies``:
    whether the classes belong to every policy (``all``) or to those that name them (``named``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$", max_length=40)]
    file: Path
    family: Literal["centerface", "yunet", "yolo_face"] = "yolo_face"
    classes: dict[Annotated[int, Field(ge=0, le=_MOST_CLASS)], ClassName] = Field(min_length=1, max_length=100)
    threshold: float = Field(default=0.3, ge=0.1, lt=1)
    policies: Literal["named", "all"] = "named"

    @model_validator(mode="after")
    def _leaves_faces_alone(self) -> Self:
        if FACE in self.classes.values():
            raise ValueError(
                f"the detector {self.name} names a class {FACE!r}, which Blurline's own detector finds; choose another "
                "name, as `head`, or set BLURLINE_MODEL_FILE to replace the face detector"
            )
        return self

    def numbers(self, class_name: str) -> tuple[int, ...]:
        """The model's numbers of a class; empty for a class of another detector."""
        return tuple(sorted(number for number, name in self.classes.items() if name == class_name))


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        given = json.loads(value) if value.strip() else []
    except ValueError as error:
        raise ValueError(f"not valid JSON ({error})") from error
    if not isinstance(given, list):
        raise ValueError('not a list of detectors, as [{"name": "plates", "file": …, "classes": {"0": "plate"}}]')  # noqa: TRY004
    return given


def _once_each(detectors: tuple[FurtherDetector, ...]) -> tuple[FurtherDetector, ...]:
    names = [detector.name for detector in detectors]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"two detectors have the name {twice}; give each its own")
    owners: dict[str, str] = {}
    for detector in detectors:
        for class_name in set(detector.classes.values()):
            if class_name in owners:
                raise ValueError(
                    f"the detectors {owners[class_name]} and {detector.name} both name the class {class_name}; "
                    "give it another name in one of them"
                )
            owners[class_name] = detector.name
    return detectors


FurtherDetectors = Annotated[tuple[FurtherDetector, ...], BeforeValidator(_parsed), AfterValidator(_once_each)]
"""The detectors, from JSON or from values."""

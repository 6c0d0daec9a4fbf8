"""A picture with a face, a yellow plate and a blue sign, and settings with a detector of the latter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image

from blurline.settings import Settings
from tests.models.onnx_models import PLATE_SIZE_PX
from tests.pictures import ASTRONAUT, encoded

PLATE, SIGN = (64, 435), (384, 26)
"""The top left corners."""

SIZE = [round(each * 512 / 320) for each in PLATE_SIZE_PX]  # the picture is 512 px wide, the model's input 320
"""Width and height of the plate and the sign."""

_YELLOW, _BLUE = (250, 230, 20), (20, 30, 240)


def street_picture(image_format: str = "PNG") -> bytes:
    """The file."""
    image = Image.open(ASTRONAUT).convert("RGB")
    image.paste(Image.new("RGB", SIZE, _YELLOW), PLATE)
    image.paste(Image.new("RGB", SIZE, _BLUE), SIGN)
    return encoded(image, image_format)


def detectors(path: Path, **fields: Any) -> str:
    """BLURLINE_DETECTORS with one detector, of plates and signs."""
    spec = {"name": "plates", "file": str(path), "classes": {"0": "plate", "1": "sign"}, "threshold": 0.6, **fields}
    return json.dumps([spec])


def with_detector(path: Path, **fields: Any) -> Settings:
    """Settings with this detector."""
    return Settings.of({"BLURLINE_DETECTORS": detectors(path, **fields)})

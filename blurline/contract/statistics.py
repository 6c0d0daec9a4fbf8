"""Figures over images."""

from __future__ import annotations

from pydantic import (
    BaseModel,
)

from blurline.contract.base import with_examples


class Statistics(BaseModel):
    """Images of one state and error code. `faces` were found; how many were missed nobody can say."""

    model_config = with_examples(
        {"state": "published", "error_code": None, "images": 120, "faces": 318, "mean_processing_ms": 640.2}
    )
    state: str
    error_code: str | None
    images: int
    faces: int
    mean_processing_ms: float
